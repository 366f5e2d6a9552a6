"""Word an acceptance sheet in Chinese and English side by side, for the gateway, the central server and the print."""

from collections.abc import Iterator
from dataclasses import dataclass

from sync_contract.acceptance_sheet import (
    AcceptanceSheet,
    AdvertProof,
    SheetAdvert,
    SheetSpot,
    SheetZones,
    SpotKind,
    Untested,
)
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Both:
    """One text in Chinese and in English."""

    zh: str
    en: str

    @classmethod
    def same(cls, text: str) -> "Both":
        return cls(text, text)


@dataclass(frozen=True, slots=True)
class SheetRow:
    name: Both
    value: Both


@dataclass(frozen=True, slots=True)
class SheetSection:
    title: Both
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True)
class SheetWords:
    """`untested`: what was not tested; empty: nothing. `digest`: for comparison with the stored sheet."""

    title: Both
    site: Both
    sections: tuple[SheetSection, ...]
    untested: tuple[Both, ...]
    digest: str
    number: str


TITLE = Both("验收单", "Acceptance sheet")
UNTESTED_TITLE = Both("没有测试的", "Not tested")
ALL_TESTED = Both("都测试过了", "Everything was tested")
SIGNATURE = Both("签名和日期", "Signature and date")
NONE_YET = Both("还没有验收单：sudo beacon-gateway commission", "No sheet yet: sudo beacon-gateway commission")
SCAN = Both("扫码在中心服务器上核对", "Scan to check it on the central server")
PROOFS = {
    AdvertProof.proved: Both("已证明在发送", "proved on the air"),
    AdvertProof.not_proved: Both("在发送，没有别的接收器证明", "sent, not proved by another receiver"),
    AdvertProof.off_air: Both("没有发送", "not on the air"),
    AdvertProof.simulated: Both("模拟的", "simulated"),
}
SPOTS = {
    SpotKind.reference: Both("屏幕前 1 米", "1 m before the screen"),
    SpotKind.door: Both("门口", "at the door"),
    SpotKind.far_wall: Both("最远的墙", "at the far wall"),
    SpotKind.neighbour: Both("旁边的屏幕", "at the kiosk beside it"),
}
UNTESTED = {
    Untested.walk: Both("没有做过校准测量", "No calibration walk was accepted"),
    Untested.zones: Both("测量之后又改过区域", "The zones were changed after the walk"),
    Untested.advert: Both("没有证明本机的信标在发送", "Our own beacon is not proved on the air"),
    Untested.reception: Both("没有证明能收到信标", "Reception is not proved by a known beacon"),
    Untested.screen: Both("没有人看过屏幕上的首页", "Nobody saw the first page on the screen"),
    Untested.tag: Both("没有人看到胸卡走近时屏幕转换", "Nobody saw the screen turn for a tag"),
    Untested.phone: Both("没有用手机扫过屏幕上的码", "No phone opened a code of the screen"),
    Untested.server: Both("没有连上中心服务器", "The central server was not reached"),
    Untested.clock: Both("时钟没有校准", "The clock was not synchronised"),
    Untested.real_gifts: Both("演练：没有动真钱", "A drill: no money moved"),
}


def word_sheet(sheet: AcceptanceSheet, digest: str) -> SheetWords:
    """Return the texts. `digest`: of the signed text."""
    site = sheet.site
    return SheetWords(
        TITLE,
        Both(site.zh_hans, site.en),
        (
            SheetSection(Both("现场", "Site"), tuple(_word_site(sheet))),
            SheetSection(Both("本机发送的信标", "Beacons sent"), tuple(map(_word_advert, sheet.adverts))),
            SheetSection(Both("测量的距离", "Distances measured"), tuple(_word_walk(sheet))),
            SheetSection(Both("固定信标和胸卡", "Fixed beacons and tags"), tuple(_word_places(sheet))),
            SheetSection(Both("软件", "Software"), tuple(_word_software(sheet))),
        ),
        tuple(UNTESTED[each] for each in sheet.untested),
        digest,
        sheet.id,
    )


def _word_site(sheet: AcceptanceSheet) -> Iterator[SheetRow]:
    if sheet.site.hall:
        yield SheetRow(Both("大厅", "Hall"), Both.same(sheet.site.hall))
    drill = sheet.environment is Environment.drill
    yield SheetRow(Both("环境", "Environment"), Both("演练", "drill") if drill else Both("正式", "real"))
    yield SheetRow(Both("网关", "Gateway"), Both.same(sheet.gateway))
    at = f"{sheet.made_at.wall.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}"
    doubt = Both("（时钟未校准）", " (clock not synchronised)") if not sheet.made_at.reliable else Both("", "")
    yield SheetRow(Both("制作时间", "Made at"), Both(at + doubt.zh, at + doubt.en))
    yield SheetRow(Both("区域", "Zones"), _word_zones(sheet.zones))


def _word_zones(zones: SheetZones) -> Both:
    return Both(
        f"紧挨 {zones.immediate_m:g} m 以内，附近 {zones.near_m:g} m 以内",
        f"immediate within {zones.immediate_m:g} m, near within {zones.near_m:g} m",
    )


def _word_advert(advert: SheetAdvert) -> SheetRow:
    proof = PROOFS[advert.proof]
    heard = f" ({advert.heard_by}, {advert.per_s:g}/s)" if advert.heard_by else ""
    power = f", {advert.measured_power} dBm @ 1 m, {advert.interval_ms} ms"
    return SheetRow(Both.same(str(advert.beacon)), Both(proof.zh + heard + power, proof.en + heard + power))


def _word_walk(sheet: AcceptanceSheet) -> Iterator[SheetRow]:
    if sheet.walk is None:
        return
    at = f"{sheet.walk.at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}"
    good = Both("可以接受", "acceptable") if sheet.walk.good else Both("错换偏多", "many wrong changes")
    yield SheetRow(Both("测量时间", "Measured at"), Both(f"{at}，{good.zh}", f"{at}, {good.en}"))
    yield from map(_word_spot, sheet.walk.spots)


def _word_spot(spot: SheetSpot) -> SheetRow:
    name = SPOTS[spot.kind]
    where = f" {spot.name}" if spot.name else ""
    levels = ", ".join(f"{each.adapter} {each.dbm:.1f} dBm" for each in spot.levels)
    return SheetRow(
        Both(f"{name.zh}{where}", f"{name.en}{where}"),
        Both(
            f"{spot.metres:g} m：{levels}；每小时错换 {spot.wrong_per_hour:.1f} 次",
            f"{spot.metres:g} m: {levels}; {spot.wrong_per_hour:.1f} wrong changes per hour",
        ),
    )


def _word_places(sheet: AcceptanceSheet) -> Iterator[SheetRow]:
    for place in sheet.places:
        yield SheetRow(Both.same(place.label), Both.same(str(place.beacon)))
    yield SheetRow(Both("登记的胸卡", "Known tags"), Both(f"{sheet.person_tags} 张", str(sheet.person_tags)))


def _word_software(sheet: AcceptanceSheet) -> Iterator[SheetRow]:
    for each in sheet.versions:
        yield SheetRow(Both.same(each.name), Both.same(each.version or "–"))
    yield SheetRow(Both("设置的指纹", "Settings fingerprint"), Both.same(sheet.configuration[:16]))
    findings = " ".join(sheet.findings)
    yield SheetRow(Both("检查的发现", "Findings of doctor"), Both(findings or "没有", findings or "none"))
