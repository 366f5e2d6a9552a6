"""Ask, measure, and add a row to docs/hardware.toml and to the table in README.md."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import structlog

from beacon_gateway.errors import GatewayError
from daemonkit.files import write_atomically
from tests.hardware.interview import Interview
from tests.hardware.radios import ThisMachine
from tests.hardware.result_table import format_rows, read_rows, replace_table, table
from tests.paths import ROOT

RESULTS, README = ROOT / "docs" / "hardware.toml", ROOT / "README.md"


def main() -> int:
    """Return the exit code: 0, or 1 if there was no radio or it was lost."""
    parser = argparse.ArgumentParser(prog="./dev hw", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the table of the results so far, and exit")
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="duration of each measurement (default: %(default)s)"
    )
    parser.add_argument("--helper", type=Path, default=Path("/run/beacon-radio/helper.sock"))
    args = parser.parse_args()
    rows = read_rows(RESULTS)
    if args.table:
        print(table(rows), end="")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    interview = Interview(ThisMachine(args.helper), _ask, print, args.seconds)
    try:
        row = asyncio.run(interview.run(datetime.now(UTC).date()))
    except (GatewayError, KeyboardInterrupt, EOFError) as error:
        print(f"\n没有写下任何结果 nothing was written: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    if "adapter" not in row:
        return 1
    rows.append(row)
    write_atomically(RESULTS, format_rows(rows).encode(), mode=0o644)
    write_atomically(README, replace_table(README.read_text("utf-8"), rows).encode(), mode=0o644)
    print(f"\n{table([row])}\n写进了 written to {RESULTS}, {README}")
    return 0


async def _ask(question: str) -> str:
    return (await asyncio.to_thread(input, question)).strip()


if __name__ == "__main__":
    sys.exit(main())
