"""Write a table part by part: CSV in this process, XLSX in a child process, which alone needs time and memory for it.

The parent sends each part as a pickle, because cells are dates and decimals too; the child unpickles only this.
"""

import asyncio
import pickle
import sys
from collections.abc import AsyncIterable, Iterator

from central_server.errors import CentralError
from central_server.sheets.sheet_writer import BYTE_ORDER_MARK, Cell, Rows, csv_lines, xlsx_file


class SheetNotWritten(CentralError):
    """The child process failed. The message contains its last lines."""


async def write_parts(form: str, title: str, parts: AsyncIterable[Rows]) -> bytes:
    """Return the file; `form`: one of `sheet_writer.TYPES`. The first row is the heading. Raises SheetNotWritten."""
    if form == "csv":
        return BYTE_ORDER_MARK + b"".join([csv_lines(part) async for part in parts])
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "central_server.sheets.sheet_writer_process", title)
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert child.stdin is not None
    try:
        try:
            async for part in parts:
                child.stdin.write(pickle.dumps(part))
                await child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the child failed; its exit code says so
        content, errors = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise SheetNotWritten(errors.decode(errors="replace")[-500:])
    return content


def _received() -> Iterator[list[Cell]]:
    while True:
        try:
            yield from pickle.load(sys.stdin.buffer)  # noqa: S301  (from our parent process)
        except EOFError:
            return


if __name__ == "__main__":
    sys.stdout.buffer.write(xlsx_file(sys.argv[1], _received()))
