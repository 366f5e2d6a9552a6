"""A name, a number and an address that somebody typed although nobody asked: only sealed data contain them.

They are in a household's consent, need and grid square, in a donor's contact, in the unit of a transfer, in a
photograph, and in the names of uploaded files.
"""

import asyncio
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pypdfium2  # type: ignore[import-untyped]  # it has no types

from central_server.accounts import sessions
from central_server.alerts.lifecycle import update_alerts
from central_server.alerts.morning_message import MorningMessages
from central_server.alerts.notifier import AlertNotifier, Message
from central_server.backups.backup import Source, take
from central_server.catalogue import file_import
from central_server.commands import doctor
from central_server.families.household import Household
from central_server.receipts.sealed_data import Donor
from central_server.staff.alerts.alert_wording import message_writer, morning_writer
from central_server.staff.frame.render import StaffTemplates
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.places.places import TOP
from daemonkit.web import RULES, csrf_token
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy.entries import OURS, World

PERSON = ("王小明的母亲", "13805950000", "城华北路269号")
HOUSEHOLD = Household((70,), "illness", None, f"rice, {PERSON[1]}", None, PERSON[2], f"yes, {PERSON[0]}")
DONOR = Donor(PERSON[0], phone=PERSON[1], address=PERSON[2])
PHOTOGRAPH = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + " ".join(PERSON).encode() + b"\0\0\0\0IEND\xaeB`\x82"
FILE_NAME = " ".join(PERSON)
PDF = b"%PDF-1.7\nan invoice\n%%EOF\n"
LOOK_UPS = frozenset(
    {
        "POST /staff/families/{case}/household",
        "POST /staff/help/{disbursement}/photo",
        "POST /staff/receipts/data",
        "GET /staff/remittances/{attempt}",
    }
)
"""The routes that open sealed data for whoever has their right: with an entry in the audit trail, but for the unit of a
transfer, which the second person compares with the bank's advice until the decision."""


def traces(content: bytes) -> set[str]:
    """Return what of the person is in the content, in any notation, also inside compressed files."""
    parts = list(_unpacked(content))
    return {each for each in PERSON if any(form in part for form in _notations(each) for part in parts)}


def _notations(text: str) -> Iterator[bytes]:
    yield text.encode()
    yield text.encode().hex().encode()
    yield text.encode("utf-16-be")
    yield text.encode("utf-16-le")
    yield json.dumps(text)[1:-1].encode()
    yield quote(text).encode()
    if text.isdigit():
        yield f"{text[:3]} {text[3:7]} {text[7:]}".encode()


def _unpacked(content: bytes) -> Iterator[bytes]:
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _unpacked(archive.read(name))
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in tar.getmembers():
                if (file := tar.extractfile(member)) is not None:
                    yield from _unpacked(file.read())
    elif content.startswith(b"\x1f\x8b"):
        yield from _unpacked(gzip.decompress(content))
    elif content.startswith(b"%PDF"):
        with suppress(pypdfium2.PdfiumError):  # a test's file, which is no PDF but for its first bytes
            for page in pypdfium2.PdfDocument(content):
                yield page.get_textpage().get_text_range().encode()


async def plant(world: World) -> None:
    """Upload files under the person's name: a voucher, a signed sheet, and evidence of a gift."""
    now, gift = datetime.now(UTC), new_id()
    unconfirmed = Intent(
        world.ours.id, gift, OURS, "drill", "lunch", 1234, "CNY", None, 1, "link", "touch", now, "parcel",
        IntentState.unconfirmed.value,
    )  # fmt: skip
    async with world.database.write() as connection:
        await intents.add(connection, [unconfirmed])
    day = now.astimezone(OFFICIAL_TIME).date()
    asked = {
        "amount_yuan": "1",
        "purpose": "rice",
        "payee": "Kitchen",
        "spent_on": f"{day}",
    }
    await _upload(
        world, "our-finance", "/staff/disbursements/new", ("voucher", "pdf", PDF), {"purse": f"{OURS}/ended"} | asked
    )
    rows = f"gift,amount_yuan,evidence\n{gift},12.34,E-1\n".encode()
    await _upload(world, "our-finance", "/staff/evidence", ("file", "csv", rows), {})
    signed = {f"case-{world.ids['helped']}": "yes"}
    await _upload(world, "our-family", f"/staff/help/{world.ids['help']}/sheet", ("photo", "png", PHOTOGRAPH), signed)


async def _upload(world: World, name: str, path: str, file: tuple[str, str, bytes], fields: dict[str, str]) -> None:
    async with world.database.write() as connection:
        token = await sessions.begin(connection, name, datetime.now(UTC), agent="")
    form = aiohttp.FormData({"csrf": csrf_token(world.app[RULES], token)} | fields)
    field, ending, content = file
    form.add_field(field, content, filename=f"{FILE_NAME}.{ending}")
    headers = {"Cookie": f"staff={token}; language=en"}
    async with world.session.post(world.central.url + path, data=form, headers=headers) as answer:
        text = await answer.read()
        assert (answer.status, len(answer.history)) == (200, 1), f"{path}: {text.decode()}"
        assert not traces(text), path


async def find_in_files_and_messages(world: World, folder: Path) -> None:
    """Search the state folder, a backup without the key, every export, the doctor's findings, and all messages."""
    source = Source(world.central.store, world.central.state, world.central.state / "central.toml")
    backup = folder / "backup.tar"
    await asyncio.to_thread(take, source, backup, datetime.now(UTC))
    for file in (backup, *world.central.state.rglob("*")):
        if file.is_file():
            assert not traces(file.read_bytes()), file
    for kind in file_import.KINDS:
        async with world.database.read() as connection:
            assert not traces(repr(await file_import.export(connection, kind, [TOP], None)).encode()), kind
    await asyncio.to_thread(doctor.run, world.central.state / "central.toml", world.central.state, None)
    now, came = datetime.now(UTC), _Messages()
    local = datetime.combine(now.astimezone(OFFICIAL_TIME).date() + timedelta(days=1), time(8), OFFICIAL_TIME)
    await update_alerts(world.database, "drill", (), now)
    templates = StaffTemplates(environment=Environment.drill, site=_SITE)
    notifier = AlertNotifier(
        world.database, {"mail": came, "wecom": came}, message_writer(templates, lambda: "https://give.example")
    )
    await notifier.notify_channels(local)
    morning = MorningMessages(world.database, notifier, morning_writer(templates, lambda: "https://give.example"))
    assert await morning.send_due(local)
    assert came.texts
    assert not traces(" ".join(came.texts).encode())


_SITE = Texts.model_validate({"zh-Hans": "华大", "zh-Hant": "華大", "en": "Huada"})


class _Messages:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, address: str, message: Message) -> None:
        self.texts += [address, message.subject, *message.lines]
