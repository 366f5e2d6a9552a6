"""`./dev bench [NAME] [options]`: the bench of that name, presence when nothing is named, `all` one after the other."""

import os
import subprocess
import sys

from tests.paths import ROOT

BENCHES = ("presence", "adverts", "frames", "intake", "kiosk", "live", "notifications", "thanks")


def main() -> int:
    asked = sys.argv[1:]
    name = asked.pop(0) if asked and asked[0] in (*BENCHES, "all") else "presence"
    return max(run(each, asked) for each in (BENCHES if name == "all" else (name,)))


def run(name: str, options: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"tests.bench.{name}", *options]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
