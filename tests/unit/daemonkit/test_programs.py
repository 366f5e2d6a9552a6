"""Real programs, waited for until they say READY."""

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
from daemonkit.notify import Notifier
notifier = Notifier.from_environment()
notifier.status("starting")
notifier.ready(url="http://127.0.0.1:1")
print("saying", os.environ.get("WORD"), flush=True)
"""
PROJECT = {"PROJECT": str(ROOT)}


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


async def said(log: Path, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in log.read_text():
            await asyncio.sleep(0.01)


async def test_a_program_is_ready_when_it_says_so_and_stops_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with program("p", python(READY + "time.sleep(60)"), log=log, env=PROJECT | {"WORD": "hello"}) as running:
        assert running.url == "http://127.0.0.1:1"
        assert os.path.exists(f"/proc/{running.pid}")
        await said(log, "saying hello")
        began = time.monotonic()
    assert await running.exited() == -signal.SIGTERM
    assert time.monotonic() - began < 30  # it would have slept for longer


async def test_a_program_can_be_killed_and_started_again(tmp_path: Path) -> None:
    async with program("p", python(READY + "time.sleep(60)"), log=tmp_path / "log", env=PROJECT) as running:
        running.kill()
        assert await running.exited() == -signal.SIGKILL
        running.kill()
        running.terminate()
    async with program("p", python(READY + "time.sleep(60)"), log=tmp_path / "log", env=PROJECT):
        pass


async def test_one_that_ends_before_it_is_ready_fails_with_the_tail_of_its_own_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of the run before\n")
    with pytest.raises(ProgramFailed, match=r"p ended with 3; [^\n]*log ends:\nthe reason$") as failed:
        async with program("p", python("import sys; print('the reason'); sys.exit(3)"), log=log):
            pass
    assert "of the run before" not in str(failed.value)


async def test_one_that_keeps_silent_fails_in_time_and_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ProgramFailed, match=r"p was not ready within 0.5 s"):
        async with program("p", python("import time; time.sleep(60)"), log=tmp_path / "log", ready_s=0.5):
            pass
    assert time.monotonic() - began < 30  # it would have slept for longer


async def test_one_that_talks_on_after_ready_is_never_blocked(tmp_path: Path) -> None:
    source = READY + "for n in range(500): notifier.status(str(n))\nprint('done', flush=True)\ntime.sleep(60)"
    async with program("p", python(source), log=tmp_path / "log", env=PROJECT):
        await said(tmp_path / "log", "done")


async def test_one_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with program("p", [str(tmp_path / "absent")], log=tmp_path / "log"):
            pass
