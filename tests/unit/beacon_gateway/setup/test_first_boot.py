"""The first boot with an enrolment bundle, at the real central server: no input, and a power cut at every flush."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.commands import first_boot as command
from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.commands.first_boot import Waits
from beacon_gateway.commands.kiosk_session import parse_report
from beacon_gateway.setup.backup import file_name, take_backup
from beacon_gateway.setup.first_boot import (
    Device,
    FirstBootFault,
    FirstBootStopped,
    run_first_boot,
    start_services,
)
from beacon_gateway.setup.first_boot_screen import FirstBootScreen
from beacon_gateway.setup.first_boot_wording import FAULTS, STEPS
from beacon_gateway.setup.wifi_profile import format_profile
from beacon_gateway.store.database import open_database
from beacon_gateway.store.first_boot_progress import FILE, Step
from beacon_gateway.store.identity import Keys
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.sync_log import last_lines
from central_server.enrolment import enrolment_codes
from central_server.state_files import catalogue_key
from central_server.store.enrolment.gateways import Gateway
from sync_contract.enrolment import fingerprint
from sync_contract.enrolment_bundle import (
    BUNDLE_FILE,
    BundleBeacon,
    BundleEnrolment,
    BundleNetwork,
    BundleSite,
    EnrolmentBundle,
    format_bundle,
)
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.enrolling_device import invited
from tests.paths import ROOT
from tests.ports import own_port
from tests.unit.beacon_gateway.setup.test_restore import GIFTS, gateway_with_gifts

_NAMES = Texts.model_validate({"zh-Hans": "华大", "zh-Hant": "華大", "en": "Huada"})
_UUID = UUID("7d9c1f0e-50f3-4a55-9e3b-0c7d9a3a1f11")
_RESTART = "systemctl restart --no-block beacon-gateway.service beacon-kiosk.service\n"
_ASYNC = pytest.mark.asyncio(loop_scope="module")
_QUICK = Waits(again_s=0.01, look_s=0.01)


@dataclass
class Card:
    """A device with a card, and the programs that it calls: each writes its words to a file."""

    folder: Path
    device: Device
    bundle: Path

    def called(self) -> str:
        log = self.folder / "called"
        return log.read_text("utf-8") if log.exists() else ""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "nmcli", "rfkill"):
        file = programs / name
        file.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/called\ntest ! -e {tmp_path}/broken-{name}\n')
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return make_card(tmp_path)


def make_card(folder: Path) -> Card:
    (folder / "boot").mkdir(parents=True)
    (folder / "etc").mkdir()
    config = folder / "etc" / "beacon-gateway" / "gateway.toml"
    config.parent.mkdir()
    shutil.copy(ROOT / "config" / "gateway.toml", config)
    device = Device(config, folder / "state", (folder / "boot",), folder / "etc")
    return Card(folder, device, folder / "boot" / BUNDLE_FILE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningCentral]:
    folder = tmp_path_factory.mktemp("server")
    async with running_bank(folder / "bank") as bank, running_central(folder / "central", bank) as central:
        yield central


async def bundle_for(
    central: RunningCentral,
    known: Gateway | None = None,
    *,
    age: timedelta = timedelta(),
    mark: str = "",
    url: str = "",
    wifi: str = "",
) -> tuple[Gateway, str]:
    """Return a gateway, by default a new one, and the text of its bundle. `age`: how long ago it was made."""
    now = datetime.now(UTC)
    async with central.database() as database:
        gateway = known or (await invited(database, label="大厅"))[0]
        async with database.write() as connection:
            code = await enrolment_codes.make_code(connection, gateway, "chen", now - age, bundle=True)
    bundle = EnrolmentBundle(
        enrolment=BundleEnrolment(
            code=code, expires=now, server=url or central.url, fingerprint=mark or central_mark(central)
        ),
        site=BundleSite(
            hall="大厅\n北", community=_NAMES, environment=Environment.drill, language=Language.zh_hant, rotation=90
        ),
        beacon=BundleBeacon(uuid=_UUID, major=7, minor=9, project="lunch"),
        network=BundleNetwork(wifi=wifi, passphrase="eight or more" if wifi else ""),
    )
    return gateway, format_bundle(bundle)


def central_mark(central: RunningCentral) -> str:
    return fingerprint(catalogue_key(central.state).public_key())


async def boot(card: Card) -> list[Step]:
    """Run the first boot to its end; return the steps that it reported."""
    steps: list[Step] = []
    await asyncio.to_thread(run_first_boot, card.device, lambda step, _hall: steps.append(step))
    return steps


@_ASYNC
async def test_a_card_with_a_bundle_becomes_the_gateway_without_input(card: Card, central: RunningCentral) -> None:
    gateway, text = await bundle_for(central, wifi="大厅 Wi-Fi")
    card.bundle.write_text(text, "utf-8")
    assert await boot(card) == list(Step)
    identity = Keys(card.device.state_dir).read()
    assert (identity.gateway, identity.enrolment and identity.enrolment.label) == (gateway.id, "大厅")
    settings = load_settings(card.device.config, card.device.state_dir)
    assert (settings.central.url, settings.advertise.major, settings.kiosk.rotation) == (central.url, 7, 90)
    lines = [line for line in card.device.config.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert len([line for line in lines if not line.startswith("[")]) <= 12
    shipped = (ROOT / "config" / "gateway.toml").read_bytes()
    assert card.device.config.with_name("gateway.toml.before-first-boot").read_bytes() == shipped
    assert str((card.device.etc / "localtime").readlink()).endswith("Asia/Shanghai")
    (profile,) = (card.device.etc / "NetworkManager" / "system-connections").iterdir()
    assert profile.stat().st_mode & 0o777 == 0o600
    assert not card.bundle.exists(), "erased"
    assert (card.device.state_dir / FILE).exists(), "until the services are started"
    start_services(card.device)
    assert not (card.device.state_dir / FILE).exists()
    called = card.called()
    assert "nmcli connection up beacon-hall" in called
    assert "systemctl enable --quiet beacon-gateway.service beacon-kiosk.service" in called
    assert called.endswith(_RESTART)
    secrets = re.findall(r'(?:code|passphrase) = "(.+)"', text)
    assert len(secrets) == 2
    assert not any(secret in called for secret in secrets), "no secret on a command line"


@_ASYNC
async def test_a_backup_is_not_restored_over_newer_records_or_another_gateway(
    card: Card, central: RunningCentral
) -> None:
    gateway, text = await bundle_for(central)
    backup, settings = await backup_of(gateway, card.folder / "old")
    shutil.copy(backup, card.bundle.parent)
    card.bundle.write_text((await bundle_for(central))[1], "utf-8")
    with pytest.raises(FirstBootStopped) as stopped:
        await boot(card)
    assert stopped.value.fault is FirstBootFault.other_place, "its gifts belong to the gateway of the backup"
    card.bundle.write_text(text, "utf-8")
    await boot(card)
    async with open_database(card.device.state_dir / "gateway.db") as database:
        await Outbox(database).log_event("newer")
    shutil.copy(backup, card.bundle.parent)
    card.bundle.write_text((await bundle_for(central, gateway))[1], "utf-8")
    await boot(card)
    async with open_database(card.device.state_dir / "gateway.db", read_only=True) as database:
        assert [line.event for line in await last_lines(database, 9)] == ["newer"]
    assert card.device.config.read_bytes() == settings


class PowerCut(BaseException):
    """Ends the program as a power cut does."""


@_ASYNC
@pytest.mark.parametrize("with_backup", [False, True], ids=["bundle", "bundle-and-backup"])
async def test_a_power_cut_at_any_flush_is_only_a_delay(
    card: Card, central: RunningCentral, monkeypatch: pytest.MonkeyPatch, with_backup: bool
) -> None:
    """Each flush of a file or folder fails once; the next boot completes and the bundle is never needed again."""
    fsync, cuts = os.fsync, 0
    gateway, _ = await bundle_for(central)
    backup, settings = await backup_of(gateway, card.folder / "old") if with_backup else (None, b"")
    for number in range(200):
        each = make_card(card.folder / f"card-{number}")
        if backup:
            shutil.copy(backup, each.bundle.parent)
        _, text = await bundle_for(central, gateway, wifi="hall")
        each.bundle.write_text(text, "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", cut_at(number, each.folder, fsync))
            try:
                await boot(each)
                start_services(each.device)
                ended = True
            except PowerCut:
                ended = False
        if not ended:
            cuts += 1
            if not each.bundle.exists() and not (each.device.state_dir / FILE).exists():
                assert card.called().endswith(_RESTART), "else the unit starts again at the next boot"
            else:
                await boot(each)
                start_services(each.device)
        assert Keys(each.device.state_dir).read().gateway == gateway.id
        if backup:
            assert each.device.config.read_bytes() == settings, "those of the backup"
            async with open_database(each.device.state_dir / "gateway.db", read_only=True) as database:
                assert (await Outbox(database).counts())["waiting"] == GIFTS
        else:
            assert load_settings(each.device.config, each.device.state_dir).advertise.minor == 9
        assert not list(each.bundle.parent.iterdir())
        assert not (each.device.state_dir / FILE).exists()
        if ended:
            break
    assert cuts >= 15


async def backup_of(gateway: Gateway, folder: Path) -> tuple[Path, bytes]:
    """Return a backup of this gateway with gifts that wait, and its settings."""
    folder.mkdir()
    config, state = await gateway_with_gifts(folder)
    keys = Keys(state)
    identity = keys.read()
    assert identity.enrolment is not None
    keys.store_enrolment(gateway.id, identity.key, identity.enrolment)
    file = folder / file_name(datetime.now(UTC))
    take_backup(config, state, file, datetime.now(UTC))
    return file, config.read_bytes()


def cut_at(number: int, folder: Path, fsync: Callable[[int], None]) -> Callable[[int], None]:
    """Return an fsync that fails at its `number`-th call for a file in `folder`: the server flushes its own."""
    calls = 0

    def cut(descriptor: int) -> None:
        nonlocal calls
        if Path(os.readlink(f"/proc/self/fd/{descriptor}")).is_relative_to(folder):
            calls += 1
            if calls == number + 1:
                raise PowerCut
        fsync(descriptor)

    return cut


@_ASYNC
async def test_each_fault_says_what_to_do_and_the_next_good_bundle_works(card: Card, central: RunningCentral) -> None:
    gateway, good = await bundle_for(central)
    wrong_mark = fingerprint(Ed25519PrivateKey.generate().public_key())
    closed = f"http://127.0.0.1:{own_port()}"
    used = make_card(card.folder / "used")
    _, text_of_used = await bundle_for(central)
    used.bundle.write_text(text_of_used, "utf-8")
    await boot(used)
    for text, fault, detail in (
        ("", FirstBootFault.no_bundle, ""),
        (good[: len(good) // 2], FirstBootFault.bundle_damaged, BUNDLE_FILE),
        (good.replace('"Asia/Shanghai"', '"Asia/Nowhere"'), FirstBootFault.bundle_damaged, "site.time_zone"),
        ((await bundle_for(central, age=timedelta(hours=49)))[1], FirstBootFault.code_expired, ""),
        (text_of_used, FirstBootFault.code_used, ""),
        ((await bundle_for(central, mark=wrong_mark))[1], FirstBootFault.other_server, central.url),
        ((await bundle_for(central, url=closed))[1], FirstBootFault.no_network, closed),
    ):
        card.bundle.unlink(missing_ok=True)
        if text:
            card.bundle.write_text(text, "utf-8")
        with pytest.raises(FirstBootStopped) as stopped:
            await boot(card)
        assert (stopped.value.fault, detail in stopped.value.detail) == (fault, True), stopped.value
        assert not re.search(r"([0-9A-Z]{5}-){4}", stopped.value.detail), "no secret"
        assert Keys(card.device.state_dir).read().enrolment is None
        assert b"beacon-enrolment" not in card.device.config.read_bytes()
    card.bundle.write_text(good, "utf-8")
    damaged = card.bundle.with_name("beacon-gateway-20260101T000000Z.tar")
    damaged.write_bytes(b"x" * 2000)
    with pytest.raises(FirstBootStopped) as stopped:
        await boot(card)
    assert (stopped.value.fault, damaged.name in stopped.value.detail) == (FirstBootFault.backup_refused, True)
    damaged.unlink()
    (card.folder / "broken-nmcli").touch()
    no_wifi = good.replace('wifi = ""', 'wifi = "hall"').replace(central.url, closed)
    card.bundle.write_text(no_wifi, "utf-8")
    with pytest.raises(FirstBootStopped) as stopped:
        await boot(card)
    assert (stopped.value.fault, "nmcli" in stopped.value.detail) == (FirstBootFault.no_wifi, True)

    card.bundle.write_text(good.replace('wifi = ""', 'wifi = "hall"'), "utf-8")
    await boot(card)  # a cable works though the Wi-Fi does not
    assert Keys(card.device.state_dir).read().gateway == gateway.id


@_ASYNC
async def test_the_screen_shows_the_fault_until_another_bundle_is_there(card: Card, central: RunningCentral) -> None:
    """The real command and its page: a refused bundle, then a good one."""
    port = own_port()
    toml = card.device.config.read_text("utf-8")
    card.device.config.write_text(re.sub(r"^port = 8080$", f"port = {port}", toml, flags=re.MULTILINE), "utf-8")
    started: list[Device] = []
    async with aiohttp.ClientSession() as session:
        _, expired = await bundle_for(central, age=timedelta(hours=49))
        gateway, good = await bundle_for(central)
        card.bundle.write_text(expired, "utf-8")
        active = card.folder / "active"
        running = asyncio.create_task(command._run(card.device, active, _QUICK, started.append))
        page = ""
        async with asyncio.timeout(60):
            while "过期" not in page:
                assert active.exists() or not page
                try:
                    async with session.get(f"http://127.0.0.1:{port}/project/any") as answer:
                        page = await answer.text()
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
            async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                body = await answer.read()
            assert json.loads(body)["fault"] == "code_expired"
            report = parse_report(body)
            assert report is not None
            assert (report.behind_s, report.rotation) == (0, 90), "as the screen hangs by the bundle"
            for words in ("登記檔案過期了", "The enrolment bundle has expired", 'role="alert"'):
                assert words in page
            card.bundle.write_text(good, "utf-8")
            assert await running == 0
        assert not active.exists()
        assert started == [card.device]
        assert Keys(card.device.state_dir).read().gateway == gateway.id
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"http://127.0.0.1:{port}/")


def test_every_step_and_fault_has_words_in_three_languages() -> None:
    assert set(STEPS) == set(Step)
    assert set(FAULTS) == set(FirstBootFault)
    for notices in (*STEPS.values(), *FAULTS.values()):
        assert set(notices) == set(Language)
        for language, notice in notices.items():
            assert notice.title
            assert notice.what_to_do
            assert (language is Language.en) == notice.what_to_do.isascii(), notice


def test_a_wifi_name_and_passphrase_are_written_so_that_network_manager_reads_them() -> None:
    """Compared with nmcli --offline, version 1.52."""
    profile = format_profile(BundleNetwork(wifi="大 1;", passphrase=" a\\b c=;#"))
    assert "ssid=229;164;167;32;49;59;\n" in profile
    assert "psk=\\sa\\\\b\\sc=;#\n" in profile
    assert "wifi-security" not in format_profile(BundleNetwork(wifi="open"))


def test_the_screen_has_a_version_for_each_change() -> None:
    screen = FirstBootScreen()
    screen.show_step(Step.network, "大厅")
    screen.show_fault(FirstBootFault.no_network, "x")
    before = screen.version
    screen.show_fault(FirstBootFault.no_network, "x")
    assert screen.version == before, "the page does not flicker"
    screen.show_step(Step.enrol, "")
    assert (screen.fault, screen.hall) == (None, "大厅")
