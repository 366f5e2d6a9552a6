"""`./dev test`: every check there is, each counted; nothing is skipped silently."""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

PYTHON = sys.executable
BIN = Path(sys.executable).parent
CHECKS = {
    "lint": [[str(BIN / "ruff"), "check", "."], [str(BIN / "ruff"), "format", "--check", "."]],
    "types": [[str(BIN / "mypy")]],
    "import contract": [[str(BIN / "lint-imports")]],
    "pins have wheels for aarch64 and x86_64, Python 3.11 and 3.13": [[PYTHON, "-m", "tests.pins", "check"]],
}


ALL = ("tests", "--ignore=tests/soak")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0


def run_checks(count: Count) -> None:
    """One beside the other, and beside them what the tests are made ready with: each works on one core alone."""
    with ThreadPoolExecutor() as pool:
        rewritten = pool.submit(rewrite)
        for name, (ended, took_s) in zip(CHECKS, pool.map(_ended, CHECKS.values()), strict=True):
            good = all(process.returncode == 0 for process in ended)
            print(f"{'ok    ' if good else 'FAILED'} {name} ({took_s:.0f} s)", flush=True)
            if good:
                count.passed += 1
                continue
            count.failed += 1
            for process in ended:
                if process.returncode:
                    print(process.stdout, process.stderr, sep="\n", flush=True)
        rewritten.result()


def _ended(commands: list[list[str]]) -> tuple[list[subprocess.CompletedProcess[str]], float]:
    """And how many seconds they took."""
    began = time.monotonic()
    ended = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True) for command in commands]
    return ended, time.monotonic() - began


def rewrite() -> None:
    """pytest rewrites each test module before it compiles it: here once, and kept, instead of in every worker.

    What is wrong with a module is told by the run that follows.
    """
    command = [PYTHON, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", *ALL]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_pytest(count: Count, *arguments: str, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [PYTHON, "-m", "pytest", f"--junitxml={report}", "--durations=25", *arguments]
        if workers > 1:
            command += ["-n", str(workers), "--dist", "loadgroup"]
        status = subprocess.run(command, cwd=ROOT).returncode
        if not report.exists():
            print(f"FAILED pytest gave no report (exit {status})")
            count.failed += 1
            return
        total = bad = skipped = 0
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total += int(suite.get("tests", 0))
            bad += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
        if skipped:
            print(f"FAILED {skipped} tests were skipped: what cannot run here must fail with its reason")
        if status and not bad:
            print(f"FAILED pytest ended with {status}")
            bad = 1
        count.passed += max(total - bad - skipped, 0)
        count.failed += bad + skipped


def compiled() -> None:
    """Some hundred programs are started: each would compile all of itself, for nothing is written meanwhile."""
    for package in ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract"):
        compileall.compile_dir(ROOT / package, quiet=1, workers=0)


def in_memory() -> None:
    """Thousands of stores come and go: in memory where there is room. The soak shows what survives a power cut."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 1024**3:
        os.environ.setdefault("TMPDIR", str(memory))


def main() -> int:
    verb, *arguments = sys.argv[1:]
    count = Count()
    began = time.monotonic()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if verb == "test":
        in_memory()
        compiled()
    if verb == "docs":
        command = [PYTHON, "-m", "tests.browser.pictures", "docs/pictures", *arguments]
        return subprocess.run(command, cwd=ROOT).returncode
    if verb == "bench":
        return subprocess.run([PYTHON, "-m", "tests.bench", *arguments], cwd=ROOT).returncode
    if verb == "soak":
        run_pytest(count, *(arguments or ["tests/soak"]), workers=2)
    elif arguments:
        run_pytest(count, *arguments, workers=1)
    else:
        run_checks(count)
        run_pytest(count, *ALL, workers=3)  # one of them only waits for the lab
    print(f"took {time.monotonic() - began:.0f} s")
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
