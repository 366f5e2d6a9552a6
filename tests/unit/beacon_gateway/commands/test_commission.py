"""`commission`: the sheet is signed by the device, stored, delivered and shown for print."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from beacon_gateway.commands.commission import CommissionOptions, run
from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.kiosk.pages.acceptance import build_sheet_page, put_sheet
from beacon_gateway.kiosk.pages.delivery import deliver_now
from beacon_gateway.local_actions import accept_sheet, deliver_on_request
from beacon_gateway.model.radio_status import AdvertStatus, HeardAdvert, IdentityStatus
from beacon_gateway.radio.status_json import to_json
from beacon_gateway.store.acceptance import load_sheet, store_walk
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import Enrolment, Keys
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox, drop_oldest_statistics
from daemonkit.web import WebRules, guarded_app, serving
from sync_contract.acceptance_sheet import (
    DOMAIN,
    SheetLevel,
    SheetRefused,
    SheetSpot,
    SheetWalk,
    SheetZones,
    SpotKind,
    digest_of,
    read_sheet,
    sign_sheet,
    verify_sheet,
)
from sync_contract.records import ScreenStatistics, SignedAcceptanceSheet
from sync_contract.request_signature import Signer
from tests.fakes.central import FakeCentral
from tests.paths import ROOT
from tests.unit.beacon_gateway.sync.test_drain import CLOCK, KEY, connected, drain, record

GATEWAY = "0102030405060708"
CONFIG = ROOT / "config/demo/gateway.toml"
RULES = WebRules(allowed_hosts=frozenset({"127.0.0.1"}), secret=b"only for tests")
OWN = "7e3e8993-1098-40d2-922e-c99d59e588b7/1/1"


@dataclass
class Device:
    """A device with its store, and a gateway that serves what the command needs. `answers`: of the installer."""

    folder: Path
    central: FakeCentral
    url: str = ""
    health: dict[str, Any] = field(default_factory=dict)
    answers: list[str | None] = field(default_factory=list)

    def show(self, text: str) -> None: ...

    async def ask(self, question: str) -> str | None:
        assert question
        return self.answers.pop(0) if self.answers else None

    def now(self) -> float:
        return 0.0

    async def pause(self, seconds: float) -> None: ...

    async def commission(self, **changed: Any) -> int:
        options = replace(CommissionOptions(walk=False, url=self.url), **changed)
        return await asyncio.to_thread(run, CONFIG, self.folder, options, self)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    Keys(tmp_path).store_enrolment(GATEWAY, KEY, Enrolment("", "", "huada", "East hall"))
    central = FakeCentral(KEY.public_key())
    settings = load_settings(CONFIG, tmp_path)
    heard = HeardAdvert("hci1", 9.8, 102)
    advert = AdvertStatus("on_air", identities=(IdentityStatus("on_air", OWN, adapter="hci0", heard=heard),))
    device = Device(tmp_path, central)
    device.health = {"ok": True, "configuration": settings.fingerprint(), "advert": to_json(advert)}
    signer = Signer(GATEWAY, KEY)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response(device.health)

    async with open_database(tmp_path / "gateway.db") as database, connected(central) as client:
        outbox = Outbox(database)
        await record(Intents(database), 1)
        app = guarded_app(RULES)
        deliver = partial(deliver_on_request, outbox, drain(database, client))
        app.router.add_post("/api/v1/delivery", deliver_now(deliver))
        accept = partial(accept_sheet, signer=signer, outbox=outbox, state_dir=tmp_path)
        app.router.add_post("/api/v1/acceptance-sheet", put_sheet(accept))
        app.router.add_get("/healthz", healthz)
        async with serving(app, "127.0.0.1", 0) as device.url:
            yield device


async def test_the_sheet_is_signed_delivered_and_states_what_was_not_tested(
    device: Device, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = load_settings(CONFIG, device.folder).presence
    zones = SheetZones(
        immediate_m=settings.immediate_m, near_m=settings.near_m, path_loss_exponent=settings.path_loss_exponent
    )
    level = SheetLevel(adapter="hci0", dbm=-63.5, frames=500)
    spot = SheetSpot(kind=SpotKind.door, metres=6.0, levels=(level,), wrong_per_hour=0.5)
    store_walk(device.folder, SheetWalk(at=datetime(2026, 11, 24, tzinfo=UTC), good=True, zones=zones, spots=(spot,)))
    device.answers = ["y", "是", "n"]
    assert await device.commission(walk=None) == 0
    printed = capsys.readouterr().out
    assert "at the door: 6 m" in printed
    assert "hci1, 9.8/s" in printed

    signed = load_sheet(device.folder)
    assert signed is not None
    sheet = read_sheet(signed)
    untested = {each.value for each in sheet.untested}
    assert untested - {"clock"} == {"reception", "phone", "real_gifts"}
    assert (sheet.gateway, sheet.walk is not None, sheet.person_tags) == (GATEWAY, True, 1)
    assert sheet.adverts[0].proof == "proved"
    delivered = device.central.parcels[signed.sheet]
    assert delivered.body == signed

    key, text, signature = tmp_path / "key.pem", tmp_path / "text", tmp_path / "signature"
    key.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    text.write_bytes(DOMAIN + signed.text.encode())
    signature.write_bytes(b64decode(signed.signature))
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(text)]
    ended = await asyncio.create_subprocess_exec(*verify, "-sigfile", str(signature), stdout=asyncio.subprocess.DEVNULL)
    assert await ended.wait() == 0

    page = build_sheet_page(signed, "https://give.example.org")
    assert page.address == (
        f"https://give.example.org/staff/gateways/{GATEWAY}/sheets/{sheet.id}?print={digest_of(signed)}"
    )
    assert page.words is not None
    assert any("phone" in each.en for each in page.words.untested)


async def test_a_sheet_without_answers_walk_or_server_says_so(
    device: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    device.central.fault = "down"
    assert await device.commission(as_json=True) == 0
    out = capsys.readouterr().out
    found = json.loads(out[out.index("{") :])
    assert set(found["sheet"]["untested"]) - {"clock"} == {
        *("walk", "reception", "screen", "tag", "phone", "server", "real_gifts")
    }
    assert found["delivery"] == "unreachable"


async def test_commission_refuses_other_settings_and_wrong_words(
    device: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    device.health["configuration"] = "0" * 64
    empty = device.folder / "empty"
    empty.mkdir()
    cases: list[tuple[int, str, Callable[[], Any]]] = [
        (75, "reload", device.commission),
        (2, "only screen", partial(device.commission, seen=["glass"])),
        (75, "no gateway answers", partial(device.commission, url="http://127.0.0.1:1")),
    ]
    for code, words, command in cases:
        assert await command() == code
        assert words in capsys.readouterr().err
    assert await asyncio.to_thread(run, CONFIG, empty, CommissionOptions(walk=False), device) == 1
    assert "sudo" in capsys.readouterr().err
    assert load_sheet(device.folder) is None


async def test_only_this_devices_key_signs_a_sheet_and_a_sheet_is_stored_once(device: Device) -> None:
    assert await device.commission(seen=["screen"]) == 0
    signed = load_sheet(device.folder)
    assert signed is not None
    sheet, signer = read_sheet(signed), Signer(GATEWAY, KEY)
    stranger = Ed25519PrivateKey.generate()
    altered = SignedAcceptanceSheet(
        sheet=signed.sheet, text=signed.text.replace('"real_gifts"', ""), key=signed.key, signature=signed.signature
    )
    for bad in (sign_sheet(sheet, stranger), altered):
        with pytest.raises(SheetRefused):
            verify_sheet(bad, KEY.public_key())
    async with open_database(device.folder / "other.db") as database:
        outbox = Outbox(database)
        store = partial(accept_sheet, signer=signer, outbox=outbox, state_dir=device.folder)
        with pytest.raises(SheetRefused):
            await store(sign_sheet(sheet, stranger))
        with pytest.raises(SheetRefused, match="another gateway"):
            await accept_sheet(signed, Signer("f" * 16, KEY), outbox, device.folder)
        for _ in range(2):
            await store(signed)
        counts = [ScreenStatistics(start=CLOCK, seconds=300.0, counts=())] * 3
        await outbox.put_statistics(CLOCK, counts)
        await database.write(lambda tables: drop_oldest_statistics(tables, 2))
        kinds = [each.kind for each in await outbox.list_parcels(10)]
    assert kinds == ["sheet", "screen", "screen"]
