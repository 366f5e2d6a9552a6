"""Start real programs and wait for their READY."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from daemonkit.programs import ProgramFailed, program
from tests.paths import ROOT

READY = """
import os, signal, sys, time
sys.path.insert(0, os.environ["PROJECT"])
from daemonkit.sd_notify import Notifier
notifier = Notifier.from_environment()
notifier.status("starting")
notifier.ready(url="http://127.0.0.1:1")
print("printed", os.environ.get("WORD"), flush=True)
"""
PROJECT = {"PROJECT": str(ROOT)}


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


async def wait_for_text(log: Path, text: str) -> None:
    async with asyncio.timeout(60):
        while text not in log.read_text():
            await asyncio.sleep(0.01)


async def test_a_program_stops_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with program("p", python(READY + "time.sleep(60)"), log=log, env=PROJECT | {"WORD": "hello"}) as running:
        assert running.url == "http://127.0.0.1:1"
        assert os.path.exists(f"/proc/{running.pid}")
        await wait_for_text(log, "printed hello")
        started = time.monotonic()
    assert await running.exited() == -signal.SIGTERM
    assert time.monotonic() - started < 30


async def test_a_program_can_be_killed_and_restarted(tmp_path: Path) -> None:
    async with program("p", python(READY + "time.sleep(60)"), log=tmp_path / "log", env=PROJECT) as running:
        running.kill()
        assert await running.exited() == -signal.SIGKILL
        running.kill()
        running.terminate()
    async with program("p", python(READY + "time.sleep(60)"), log=tmp_path / "log", env=PROJECT):
        pass


async def test_an_early_end_raises_with_the_tail_of_this_runs_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("an earlier run\n")
    with pytest.raises(ProgramFailed, match=r"p ended with 3; [^\n]*log ends:\nthe reason$") as failed:
        async with program("p", python("import sys; print('the reason'); sys.exit(3)"), log=log):
            pass
    assert "an earlier run" not in str(failed.value)


async def test_a_missing_ready_raises_after_the_time_limit(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ProgramFailed, match=r"p was not ready within 0.5 s"):
        async with program("p", python("import time; time.sleep(60)"), log=tmp_path / "log", ready_s=0.5):
            pass
    assert time.monotonic() - started < 30


async def test_notifications_after_ready_do_not_block(tmp_path: Path) -> None:
    source = READY + "for n in range(500): notifier.status(str(n))\nprint('done', flush=True)\ntime.sleep(60)"
    async with program("p", python(source), log=tmp_path / "log", env=PROJECT):
        await wait_for_text(tmp_path / "log", "done")


async def test_a_missing_program_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with program("p", [str(tmp_path / "absent")], log=tmp_path / "log"):
            pass
