"""Run `./dev bench [NAME] [options]`: one bench, presence by default, or `all` in sequence."""

import os
import subprocess
import sys

from tests.paths import ROOT

BENCHES = (
    "presence",
    "adverts",
    "codes",
    "counting",
    "frames",
    "gift_record",
    "intake",
    "job_writes",
    "kiosk",
    "large_server",
    "live",
    "motion",
    "notifications",
    "thanks",
)


def main() -> int:
    arguments = sys.argv[1:]
    name = arguments.pop(0) if arguments and arguments[0] in (*BENCHES, "all") else "presence"
    return max(run(each, arguments) for each in (BENCHES if name == "all" else (name,)))


def run(name: str, options: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"tests.bench.{name}", *options]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
