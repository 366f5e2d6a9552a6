"""Asks, measures, and adds a row to docs/hardware.toml and to the table in README.md made of it."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from beacon_gateway.errors import GatewayError
from daemonkit.files import write_atomically
from tests.hardware.interview import Interview
from tests.hardware.rows import in_readme, read, table, written
from tests.hardware.station import ThisMachine
from tests.paths import ROOT

RESULTS, README = ROOT / "docs" / "hardware.toml", ROOT / "README.md"


def main() -> int:
    """The exit code: 0, 1 when a radio was lost or there was none."""
    parser = argparse.ArgumentParser(prog="./dev hw", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the table made of the results so far, and end")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement (default: %(default)s)")
    parser.add_argument("--helper", type=Path, default=Path("/run/beacon-radio/helper.sock"))
    words = parser.parse_args()
    rows = read(RESULTS)
    if words.table:
        print(table(rows), end="")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    interview = Interview(ThisMachine(words.helper), _ask, print, words.seconds)
    try:
        row = asyncio.run(interview.run(datetime.now(UTC).date()))
    except (GatewayError, KeyboardInterrupt, EOFError) as error:
        print(f"\n没有写下任何结果 nothing was written: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    if "adapter" not in row:
        return 1
    rows.append(row)
    write_atomically(RESULTS, written(rows).encode(), mode=0o644)
    write_atomically(README, in_readme(README.read_text("utf-8"), rows).encode(), mode=0o644)
    print(f"\n{table([row])}\n写进了 written to {RESULTS}, {README}")
    return 0


async def _ask(question: str) -> str:
    return (await asyncio.to_thread(input, question)).strip()


if __name__ == "__main__":
    sys.exit(main())
