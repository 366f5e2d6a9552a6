"""Boot the radio lab from outside and run a command in it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

LAB = Path(__file__).parent / "lab"
_PRIORITY = ("nice", "-n", "-5") if os.geteuid() == 0 else ()
"""A lab mostly waits, but its kernel takes a controller for dead if it gets no processor for two seconds."""

_ENVIRONMENT = dict(os.environ)
"""A lab starts beside other tests, which may change the environment."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status`: of the command, or 124 if the lab gave none. `output`: both streams, then messages of the lab."""

    status: int
    output: str


def run_in_lab(
    argv: Sequence[str | Path], *, radios: int = 2, limit_s: float = 120.0, share: Path | None = None
) -> Outcome:
    """Run `argv` in a fresh lab, in the project's root. Only files in `share` (same path inside) remain."""
    line: list[str | Path] = [*_PRIORITY, sys.executable, LAB / "run", "-n", str(radios), "-t", str(limit_s)]
    if share is not None:
        line += ["-w", share, "-l", share]
    done = subprocess.run(
        [*line, *argv], cwd=ROOT, env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return Outcome(done.returncode, done.stdout.decode(errors="replace"))


def run_script(script: Path, *args: str, radios: int = 2, limit_s: float = 120.0, share: Path | None = None) -> Outcome:
    """Run one of our Python scripts in a fresh lab with this interpreter; it can import `tests` and our packages."""
    argv: list[str | Path] = ["env", f"PYTHONPATH={ROOT}", sys.executable, script, *args]
    return run_in_lab(argv, radios=radios, limit_s=limit_s, share=share)
