"""`beacon-gateway setup` on a pseudo-terminal, at the real central server, with the real gateway behind it."""

import asyncio
import os
import pty
import signal
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from beacon_gateway.commands import run as gateway_run
from beacon_gateway.store.identity import enrolment_of, stored_identity
from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.enrolment.gateways import Gateway
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.enrolment import fingerprint, group_code
from sync_contract.keys import read_public
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.enrolling_device import invited
from tests.fakes.forked_programs import FORKED, forked_program, run_in_terminal
from tests.flow.programs import IMPATIENT, SIMULATED
from tests.ports import own_port

_HALL = BeaconId(UUID("7d9c1f0e-50f3-4a55-9e3b-0c7d9a3a1f11"), 7, 9)
_ASYNC = pytest.mark.asyncio(loop_scope="module")
_PATIENCE_S = 100.0
_OLD = b'# of the installer before\n[site]\nenvironment = "drill"\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningCentral]:
    folder = tmp_path_factory.mktemp("server")
    async with running_bank(folder / "bank") as bank, running_central(folder / "central", bank) as central:
        yield central


@dataclass
class Pi:
    """A device: its folders, and programs that stand in for systemd's."""

    folder: Path
    port: int = field(default_factory=own_port)

    def __post_init__(self) -> None:
        programs = self.folder / "programs"
        programs.mkdir(parents=True)
        systemctl = programs / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/called\n')
        systemctl.chmod(0o755)
        (self.folder / "etc").mkdir()
        (self.folder / "run").mkdir()
        self.config.parent.mkdir()
        self.config.write_bytes(_OLD)

    @property
    def config(self) -> Path:
        return self.folder / "etc" / "beacon-gateway" / "gateway.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def settings(self) -> dict[str, Any]:
        return tomllib.loads(self.config.read_text("utf-8"))

    async def services_start(self) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while "restart" not in await asyncio.to_thread(self.called):
                await asyncio.sleep(0.05)

    def called(self) -> str:
        log = self.folder / "called"
        return log.read_text() if log.exists() else ""


class Installer:
    """A person at the terminal. `inputs`: how many answers they gave."""

    def __init__(self, pi: Pi, *options: str) -> None:
        ours, theirs = pty.openpty()
        words: tuple[str, ...] = (
            "setup",
            "--config",
            str(pi.config),
            "--state-dir",
            str(pi.state),
            "--etc",
            str(pi.folder / "etc"),
        )
        words += (
            "--run-dir",
            str(pi.folder / "run"),
            "--radio",
            SIMULATED,
            "--url",
            f"http://127.0.0.1:{pi.port}",
            "--tag-seconds",
            "0.1",
            *options,
        )
        path = f"{pi.folder / 'programs'}:{os.environ['PATH']}"
        self.process = FORKED.Process(target=run_in_terminal, args=("beacon_gateway", words, os.ttyname(theirs), path))
        self.process.start()
        self._terminal, self._theirs = ours, theirs
        self._changed = asyncio.Event()
        self._read_until = 0
        self.screen = ""
        self.inputs = 0
        asyncio.get_running_loop().add_reader(ours, self._read)

    async def answer(self, text: str, *, at: str) -> str:
        """Wait for the prompt of the question that contains `at`, and answer; return what was printed before."""
        shown = await self.sees("\n> ")
        assert at in shown, shown
        os.write(self._terminal, text.encode() + b"\n")
        self.inputs += 1
        return shown

    async def sees(self, words: str) -> str:
        """Return what was printed since the last question, up to `words`."""
        async with asyncio.timeout(_PATIENCE_S):
            while (end := self.screen.find(words, self._read_until)) < 0:
                self._changed.clear()
                await self._changed.wait()
        shown = self.screen[self._read_until : end]
        self._read_until = end + len(words)
        return shown

    async def ended(self) -> int | None:
        await asyncio.to_thread(self.process.join)
        self._read()
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)
        os.close(self._theirs)
        return self.process.exitcode

    def _read(self) -> None:
        os.set_blocking(self._terminal, False)
        with suppress(OSError):
            while part := os.read(self._terminal, 65536):
                self.screen += part.decode("utf-8", "replace").replace("\r\n", "\n")
        self._changed.set()


def enrolled_as(pi: Pi) -> str:
    identity = stored_identity(pi.state)
    assert identity is not None
    return identity.gateway


async def _hall(central: RunningCentral, beacon: BeaconId) -> tuple[Gateway, str]:
    """Add a gateway with a beacon of its own; return it and its code."""
    async with central.database() as database:
        gateway, code = await invited(database, label="东门大厅")
        hall = StoredBeacon(
            f"hall-{beacon.minor}",
            "huada",
            beacon,
            BeaconKind.place,
            "门口",
            -59,
            "",
            gateway.id,
            (),
            "",
            datetime.now(UTC),
            "chen",
        )
        async with database.write() as connection:
            assert await beacons.save(connection, hall, 0)
    return gateway, code


async def _only_root_opens_it_again(pi: Pi) -> None:
    closed = Installer(pi)
    assert await closed.ended() == 1
    assert "setup --open" in closed.screen
    opening = Installer(pi, "--open")
    assert await opening.ended() == 0
    assert "open for 15 minutes" in opening.screen
    again = Installer(pi)
    await again.answer("", at="Choose a language")
    (pi.folder / "run" / "beacon-gateway-setup.json").unlink()  # the 15 minutes are over
    await again.answer("", at="哪个时区")
    await again.answer("", at="多少度")
    await again.answer("", at="这台设备已经登记过")
    await again.answer("none", at="哪个信标")
    await again.answer("", at="写入这些设置")
    before = pi.config.read_bytes()
    assert "设置的时间已过" in await again.sees("\n> ")
    again.process.kill()
    await again.ended()
    assert pi.config.read_bytes() == before


@_ASYNC
async def test_at_most_twelve_answers_from_a_bare_device_to_a_running_kiosk(
    central: RunningCentral, tmp_path: Path
) -> None:
    gateway, code = await _hall(central, _HALL)
    pi = Pi(tmp_path / "pi")
    installer = Installer(pi)
    first = await installer.answer("", at="Choose a language")
    assert "简体中文" in first
    await installer.answer("", at="Asia/Shanghai")
    await installer.answer("3", at="屏幕要转多少度")
    network = await installer.answer(central.url.replace("127", "１２７"), at="服务器的网址")
    assert "网络已接通" in network
    assert "信号是模拟的" in network
    await installer.answer(group_code(code).lower(), at="请输入登记码")
    offered = await installer.answer("2", at="本站发出哪个信标")
    assert "登记好了：东门大厅" in offered
    assert str(_HALL) in offered
    known = enrolment_of(pi.state)
    assert known is not None
    assert group_code(fingerprint(read_public(known.catalogue_key))) in offered
    assert pi.config.read_bytes() == _OLD, "the settings change only when they are complete"
    await installer.answer("e2c56db5-dffb-48d2-b060-d0f5a71096e0", at=str(_HALL.uuid))
    await installer.answer("11", at="major")
    await installer.answer("12", at="minor")
    await installer.answer("", at="写入这些设置")
    async with AsyncExitStack() as edges:
        await pi.services_start()
        main = partial(gateway_run.run, pi.config, pi.state, SIMULATED, pi.port, None, None, IMPATIENT)
        await edges.enter_async_context(forked_program("gateway", main, log=pi.folder / "gateway.log"))
        shown = await installer.answer("", at="屏幕上看到爱心页面了吗")
        assert "信标是模拟的" in shown
        assert await installer.ended() == 0, installer.screen
    assert installer.inputs <= 12
    assert "装好了" in installer.screen
    written = pi.settings()
    assert written["advertise"] == {
        "enabled": True,
        "uuid": "e2c56db5-dffb-48d2-b060-d0f5a71096e0",
        "major": 11,
        "minor": 12,
    }
    assert (written["kiosk"]["rotation"], written["site"]["environment"]) == (180, "drill")
    values = [line for line in pi.config.read_text("utf-8").splitlines() if "=" in line and not line.startswith("#")]
    assert len(values) <= 10
    assert pi.config.with_name("gateway.toml.before-setup").read_bytes() == _OLD
    assert os.readlink(pi.folder / "etc" / "localtime") == "/usr/share/zoneinfo/Asia/Shanghai"
    assert enrolled_as(pi) == gateway.id
    await _only_root_opens_it_again(pi)


@_ASYNC
async def test_wrong_answers_are_explained_and_the_end_of_the_program_changes_nothing(
    central: RunningCentral, tmp_path: Path
) -> None:
    """The installer presses Ctrl-C the first time; the second time the power fails."""
    _, code = await _hall(central, BeaconId(_HALL.uuid, 7, 10))
    mistyped = code[:-1] + ("0" if code[-1] != "0" else "1")
    pi = Pi(tmp_path / "pi")
    installer = Installer(pi)
    await installer.answer("9", at="语言")
    await installer.answer("3", at="请输入 1 到 3 的数字")
    await installer.answer("Asia/Quanzhou", at="time zone")
    await installer.answer("Asia/Shanghai", at="“Asia/Quanzhou” is not a time zone")
    await installer.answer("", at="How far")
    await installer.answer("http://give.example", at="server's address")
    await installer.answer("https://give.example/staff", at="begins with https://")
    await installer.answer(f"beacon-enrol:{central.url}#{code}", at="without a path")
    await installer.answer("http://127.0.0.1:9", at="QR code is incomplete")
    await installer.answer("12345", at="enrolment code")
    await installer.answer(mistyped, at="has 25 letters and digits; you typed 5")
    await installer.answer(code, at="mistyped")
    await installer.answer(central.url, at="There is no connection to http://127.0.0.1:9")
    await installer.answer(code, at="enrolment code")
    await installer.answer("own", at="Enrolled as 东门大厅")
    await installer.answer("123", at="UUID")
    await installer.answer("0" * 32, at="you typed 3")
    await installer.answer("", at="all zeros")
    await installer.answer("65536", at="major")
    assert installer.process.pid is not None
    await installer.sees("from 0 to 65535.\n")
    os.kill(installer.process.pid, signal.SIGINT)
    assert await installer.ended() == 130
    assert "The settings are unchanged" in installer.screen
    assert "The device is enrolled" in installer.screen
    assert pi.config.read_bytes() == _OLD
    assert {each.name for each in pi.config.parent.iterdir()} == {"gateway.toml"}

    again = Installer(pi)
    await again.answer("3", at="语言")
    await again.answer("", at="time zone")
    await again.answer("", at="How far")
    await again.answer("", at="This device is enrolled already")
    await again.answer("", at="Which beacon")
    await again.sees("Write these settings?")
    again.process.kill()
    await again.ended()
    assert pi.config.read_bytes() == _OLD
    assert not pi.called()
