"""The enrolment bundle: one TOML file on the boot partition of a gateway's card, with which its first boot enrols it.

It contains a one-time code and perhaps a Wi-Fi passphrase. The gateway erases it when it is enrolled.
"""

import json
from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from sync_contract.beacon_identity import U16, BeaconId, BeaconUuid
from sync_contract.enrolment import EnrolmentMalformed, group_code, read_code
from sync_contract.project import ProjectId, Texts
from sync_contract.records import CONTRACT
from sync_contract.strict_model import Environment, Language, Record

BUNDLE_FILE = "beacon-enrolment.toml"
_BEIJING = timezone(timedelta(hours=8))


def _code(text: str) -> str:
    try:
        return read_code(text)
    except EnrolmentMalformed as error:
        raise ValueError(f"登记码不完整或写错了,请重新制作登记文件 {error}; have the bundle made again") from error


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("不是时区,应如 Asia/Shanghai is not a time zone, such as Asia/Shanghai") from error
    return text


def _network_name(text: str) -> str:
    if len(text.encode()) > 32 or not text.isprintable():
        raise ValueError(
            "Wi-Fi 名称最多 32 个字节(约 10 个汉字),不含换行 "
            "a Wi-Fi name has at most 32 bytes (10 Chinese characters) and no line breaks"
        )
    return text


class BundleEnrolment(Record):
    code: Annotated[str, StringConstraints(max_length=60), AfterValidator(_code)]
    expires: AwareDatetime
    server: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,300}$"), Field(examples=["https://my.server"])]
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
    """Of the catalogue's key, which signs the answer."""
    certificate_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Of the server's TLS certificate (DER); empty: the certificate is checked with the system's authorities."""


class BundleSite(Record):
    hall: Annotated[str, Field(min_length=1, max_length=120)]
    community: Texts
    environment: Environment
    language: Language = Language.zh_hans
    time_zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)] = "Asia/Shanghai"
    rotation: Literal[0, 90, 180, 270] = 0


class BundleBeacon(Record):
    uuid: BeaconUuid
    major: U16
    minor: U16
    project: ProjectId | None = None

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class BundleNetwork(Record):
    """`wifi` empty: a cable, or a network that the card has already."""

    wifi: Annotated[str, AfterValidator(_network_name)] = ""
    passphrase: Annotated[str, StringConstraints(pattern=r"^([ -~]{8,63}|[0-9A-Fa-f]{64})?$")] = ""
    """WPA passphrase of 8 to 63 ASCII characters, or the key as 64 hexadecimal digits; empty: an open network."""


class EnrolmentBundle(Record):
    contract: Literal[1] = CONTRACT
    enrolment: BundleEnrolment
    site: BundleSite
    beacon: BundleBeacon | None = None
    network: BundleNetwork = BundleNetwork()


def format_bundle(bundle: EnrolmentBundle) -> str:
    """Return the TOML text, with comments for the person who copies it."""
    return "\n".join(_lines(bundle)) + "\n"


def _lines(bundle: EnrolmentBundle) -> Iterator[str]:
    enrolment, site, beacon, network = bundle.enrolment, bundle.site, bundle.beacon, bundle.network
    expires = enrolment.expires.astimezone(_BEIJING)
    hall = "".join(each if each.isprintable() else " " for each in site.hall)
    yield f"# 网关登记文件:{hall} Enrolment bundle of a gateway"
    yield f"# 原样复制到存储卡的启动分区,文件名须为 Copy it unchanged to the card's boot partition, as {BUNDLE_FILE}"
    yield f"# 只能用一次,北京时间 {expires:%Y-%m-%d %H:%M} 前有效;用后自动从卡上抹去。"
    yield f"# Works once, until {expires:%Y-%m-%d %H:%M} Beijing time; the gateway then erases it from the card."
    yield "# 内含登记码,可能还有 Wi-Fi 密码,不要转发。"
    yield "# It contains the code and perhaps a Wi-Fi passphrase: do not forward it."
    yield f"contract = {bundle.contract}"
    yield ""
    yield "[enrolment]"
    yield f"code = {_text(group_code(enrolment.code))}"
    yield f"expires = {expires.isoformat(timespec='seconds')}"
    yield f"server = {_text(enrolment.server)}"
    yield "# 服务器公钥与证书的指纹,用来认出真的服务器 Fingerprints of the server's key and certificate"
    yield f"fingerprint = {_text(enrolment.fingerprint)}"
    if enrolment.certificate_sha256:
        yield f"certificate_sha256 = {_text(enrolment.certificate_sha256)}"
    yield ""
    yield "[site]"
    yield f"hall = {_text(site.hall)}"
    yield f"community = {{ {', '.join(f'{each} = {_text(site.community[each])}' for each in Language)} }}"
    yield "# drill = 演练 no real money; real = 真实捐款 real donations"
    yield f"environment = {_text(site.environment)}"
    yield "# 屏幕上的文字 zh-Hans 简体, zh-Hant 繁體, en English; the language of the screen"
    yield f"language = {_text(site.language)}"
    yield f"time_zone = {_text(site.time_zone)}"
    yield "# 屏幕转多少度:0、90、180、270 Rotation of the screen in degrees"
    yield f"rotation = {site.rotation}"
    if beacon:
        yield ""
        yield "# 本站发出的 iBeacon The iBeacon of this site"
        yield "[beacon]"
        yield f"uuid = {_text(str(beacon.uuid))}"
        yield f"major = {beacon.major}"
        yield f"minor = {beacon.minor}"
        if beacon.project:
            yield f"project = {_text(beacon.project)}"
    yield ""
    yield "# 用网线时两项都留空 Leave both empty where a cable is used"
    yield "[network]"
    yield f"wifi = {_text(network.wifi)}"
    yield f"passphrase = {_text(network.passphrase)}"


def _text(text: str) -> str:
    """Return a basic string of TOML 1.0, which differs from JSON only in DEL."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
