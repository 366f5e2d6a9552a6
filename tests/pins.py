"""Compile the pins from pyproject.toml, and check that each has a wheel for every supported machine."""

import hashlib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.paths import ROOT

REQUIREMENTS = ROOT / "requirements"
SETS = {
    "gateway.txt": ["gateway", "mqtt", "build"],
    "central.txt": ["central", "dispatch", "build"],
    "test.txt": ["gateway", "mqtt", "central", "dispatch", "build", "test"],
}
PEERS = ["bleak==3.1.0", "habluetooth==7.1.2", "ibeacon-ble==1.2.0", "TheengsGateway==1.8.0", "pydantic", "msgspec"]
"""Libraries that the benches compare with, in a separate environment."""
MACHINES = [(machine, python) for machine in ("aarch64", "x86_64") for python in ("3.11", "3.13")]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beacon-gateway"


def compile_pins() -> int:
    """Resolve for the oldest supported Python, with uv in a temporary environment and without its lock file."""
    with tempfile.TemporaryDirectory() as folder:
        uv = [
            f"{folder}/bin/uv",
            "pip",
            "compile",
            "-q",
            "--universal",
            "--python-version",
            "3.11",
            "--generate-hashes",
        ]
        uv += ["--no-header", "--no-annotate", "--no-emit-find-links", "--upgrade"]
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "-q", "uv"], check=True)
        constraints: list[str] = []
        for name, extras in SETS.items():
            words = [word for extra in extras for word in ("--extra", extra)]
            output = REQUIREMENTS / name
            subprocess.run([*uv, *words, *constraints, "pyproject.toml", "-o", str(output)], cwd=ROOT, check=True)
            shorten(output)
            constraints += ["-c", str(output)]
        output = REQUIREMENTS / "bench.txt"  # without pyric, which has no wheel and only resets adapters
        others = ["--no-emit-package", "pyric", *constraints]
        subprocess.run([*uv, *others, "-", "-o", str(output)], cwd=ROOT, check=True, input="\n".join(PEERS), text=True)
        shorten(output)
    return 0


def shorten(file: Path) -> None:
    """Remove the markers that are always true (CPython on Linux)."""
    always = "platform_python_implementation == 'CPython' and sys_platform == 'linux'"
    text = file.read_text("utf-8")
    file.write_text(text.replace(f" ; {always}", "").replace(f" and {always}", ""), "utf-8")


def check_wheels() -> int:
    """Return 0 when each pin has a wheel for each machine and Python; unchanged pins are not checked again."""
    files = sorted(REQUIREMENTS.glob("*.txt"))
    for file in files:
        if "://" in file.read_text("utf-8"):
            print(f"{file.name} contains a download address")
            return 1
    mark = CACHE / f"wheels-{hashlib.sha256(b''.join(f.read_bytes() for f in files)).hexdigest()[:16]}"
    if mark.exists():
        return 0
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(download, MACHINES))
    if all(results):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return 0 if all(results) else 1


def download(target: tuple[str, str]) -> bool:
    machine, python = target
    tags = ["manylinux1", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, 37))]
    platforms = [f"--platform={tag}_{machine}" for tag in tags]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder]
        command += ["--require-hashes", *platforms, "--python-version", python, "--implementation", "cp"]
        ended = subprocess.run(
            [*command, "-r", str(REQUIREMENTS / "test.txt")], cwd=ROOT, capture_output=True, text=True
        )
    if ended.returncode:
        print(f"{machine}, Python {python}:\n{ended.stdout}{ended.stderr}")
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit({"compile": compile_pins, "check": check_wheels}[sys.argv[1]]())
