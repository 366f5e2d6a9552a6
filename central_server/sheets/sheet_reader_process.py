"""Read an XLSX file in a child process with limits: a small file may unpack to one that takes minutes to read."""

import asyncio
import json
import resource
import sys
from dataclasses import asdict

from central_server.sheets.sheet_reader import MAX_ROWS, Sheet, SheetRefused, is_book, read

CPU_S = 8
_WALL_FACTOR = 2.5
"""Seconds on the clock for each second of CPU: other work shares the processor."""
MEMORY_BYTES = 512 * 1024 * 1024


class SheetTooLarge(SheetRefused):
    """The file took more time or memory than it may."""

    def __init__(self) -> None:
        super().__init__(MAX_ROWS)


async def open_sheet(
    content: bytes, *, max_rows: int = MAX_ROWS, cpu_s: int = CPU_S, memory_bytes: int = MEMORY_BYTES
) -> Sheet:
    """Do as sheet_reader.read, without blocking. Raises SheetRefused, SheetTooLarge where a limit was reached."""
    if not is_book(content):
        return await asyncio.to_thread(read, content, max_rows)
    limits = (str(cpu_s), str(memory_bytes), str(max_rows))
    command = (sys.executable, "-m", "central_server.sheets.sheet_reader_process", *limits)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(cpu_s * _WALL_FACTOR):
            answer, _ = await child.communicate(content)
    except TimeoutError as error:
        raise SheetTooLarge from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise SheetTooLarge
    found = json.loads(answer)
    if "refused" in found:
        raise SheetRefused(found["refused"])
    return Sheet(tuple(found["head"]), tuple((number, tuple(cells)) for number, cells in found["rows"]))


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found: dict[str, object] = asdict(read(sys.stdin.buffer.read(), int(sys.argv[3])))
    except SheetRefused as refused:
        found = {"refused": refused.most}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
