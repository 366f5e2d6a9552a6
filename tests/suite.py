"""Run the verbs test, soak, bench and docs of `./dev`. Count every check; a skipped test counts as failed."""

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
QUICK = ("tests/unit", "tests/contracts", "--quick")
"""No server, program, central database, browser or radio lab, and nothing marked `thorough`."""


@dataclass
class Count:
    passed: int = 0
    failed: int = 0


def run_everything(count: Count, *arguments: str, workers: int) -> None:
    """Run the static checks beside the tests, which wait a part of the time; report the checks last."""
    with ThreadPoolExecutor(1) as pool:
        checks = [(name, pool.submit(_run_all, commands)) for name, commands in CHECKS.items()]
        run_pytest(count, *arguments, workers=workers)
        for name, check in checks:
            ended, took_s = check.result()
            good = all(process.returncode == 0 for process in ended)
            print(f"{'ok    ' if good else 'FAILED'} {name} ({took_s:.0f} s)", flush=True)
            if good:
                count.passed += 1
                continue
            count.failed += 1
            for process in ended:
                if process.returncode:
                    print(process.stdout, process.stderr, sep="\n", flush=True)


def _run_all(commands: list[list[str]]) -> tuple[list[subprocess.CompletedProcess[str]], float]:
    """Run the commands one after the other; return them and the seconds that they took."""
    began = time.monotonic()
    ended = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True) for command in commands]
    return ended, time.monotonic() - began


def run_pytest(count: Count, *arguments: str, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [PYTHON, "-m", "pytest", f"--junitxml={report}", "--durations=15", *arguments]
        if workers > 1:
            command += ["--workers", str(workers)]
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
            print(f"FAILED {skipped} tests were skipped; a test that cannot run must fail with its reason")
        if status and not bad:
            print(f"FAILED pytest ended with {status}")
            bad = 1
        count.passed += max(total - bad - skipped, 0)
        count.failed += bad + skipped


def compile_packages() -> None:
    """Compile our packages once: the tests start hundreds of programs, which write no bytecode themselves."""
    for package in ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering"):
        compileall.compile_dir(ROOT / package, quiet=1, workers=0)


def use_memory_for_temporary_files() -> None:
    """Put the thousands of short-lived stores into memory if there is room. The soak tests power cuts on disk."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 1024**3:
        os.environ.setdefault("TMPDIR", str(memory))


def main() -> int:
    verb, *arguments = sys.argv[1:]
    count = Count()
    began = time.monotonic()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if verb == "test":
        use_memory_for_temporary_files()
        compile_packages()
    if verb == "docs":
        if arguments[:1] == ["pictures"]:
            command = [PYTHON, "-m", "tests.browser.pictures", "docs/pictures", *arguments[1:]]
        else:
            command = [PYTHON, "-m", "tests.docs_site", *(arguments or ["build/site"])]
        return subprocess.run(command, cwd=ROOT).returncode
    if verb == "bench":
        return subprocess.run([PYTHON, "-m", "tests.bench", *arguments], cwd=ROOT).returncode
    if verb == "soak":
        run_pytest(count, *(arguments or ["tests/soak"]), workers=2)
    elif arguments == ["--quick"]:
        run_everything(count, *QUICK, workers=6)  # half of their time they wait
    elif arguments:
        run_pytest(count, *arguments, workers=1)
    else:
        run_everything(count, *ALL, workers=4)  # browsers and the radio lab wait more than they compute
    print(f"took {time.monotonic() - began:.0f} s")
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
