"""Run a command of `beacon-central` in a process forked from one that has imported the program.

This saves most of a second per command. test_programs.py starts commands without a fork.
"""

import asyncio
import os
import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.money_program import FORKED


async def run_command(*argv: str) -> tuple[int, str, str]:
    """Return the exit status, standard output and standard error."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = FORKED.Process(target=_run, args=(argv, out, err))
        process.start()
        await asyncio.to_thread(process.join)
        code = process.exitcode
        process.close()
        assert code is not None
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def _run(argv: tuple[str, ...], out: Path, err: Path) -> None:
    for number, file in ((1, out), (2, err)):
        with file.open("wb") as stream:
            os.dup2(stream.fileno(), number)
    sys.argv = ["central_server", *argv]
    runpy.run_module("central_server", run_name="__main__", alter_sys=True)
