"""Outside the radio lab: boot it, run a command in it, and see what came of it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

LAB = Path(__file__).parent / "lab"
_AHEAD = ("nice", "-n", "-5") if os.geteuid() == 0 else ()
"""A lab mostly waits. Where others keep it from a processor for two seconds, its kernel takes a controller for dead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status`: the command's own, 124 when the lab gave none. `output`: both streams, then the lab's own words."""

    status: int
    output: str


def run_in_lab(
    argv: Sequence[str | Path], *, radios: int = 2, limit_s: float = 120.0, share: Path | None = None
) -> Outcome:
    """Run `argv` in a fresh lab, in the project's root. Only `share` (same path inside) outlives it."""
    line: list[str | Path] = [*_AHEAD, sys.executable, LAB / "run", "-n", str(radios), "-t", str(limit_s)]
    if share is not None:
        line += ["-w", share, "-l", share]
    done = subprocess.run([*line, *argv], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return Outcome(done.returncode, done.stdout.decode(errors="replace"))


def run_script(script: Path, *args: str, radios: int = 2, limit_s: float = 120.0, share: Path | None = None) -> Outcome:
    """Run a Python script of ours in a fresh lab, with this interpreter; `tests` and our packages can be imported."""
    argv: list[str | Path] = ["env", f"PYTHONPATH={ROOT}", sys.executable, script, *args]
    return run_in_lab(argv, radios=radios, limit_s=limit_s, share=share)
