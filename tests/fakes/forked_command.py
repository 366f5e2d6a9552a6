"""What a command of `beacon-central` says and how it ends, each in a process of its own.

That is forked from one which has imported the program, and does what `python -m central_server` does from there on:
most of a second's work less. Commands begun from nothing are in test_programs.py.
"""

import asyncio
import os
import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.money_program import FORKED


async def said(*argv: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = FORKED.Process(target=_say, args=(argv, out, err))
        process.start()
        await asyncio.to_thread(process.join)
        code = process.exitcode
        process.close()
        assert code is not None
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def _say(argv: tuple[str, ...], out: Path, err: Path) -> None:
    for number, file in ((1, out), (2, err)):
        with file.open("wb") as stream:
            os.dup2(stream.fileno(), number)
    sys.argv = ["central_server", *argv]
    runpy.run_module("central_server", run_name="__main__", alter_sys=True)
