"""Create the environment of the benches' peers, which are not dependencies: in the cache, pinned by hash."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.pins import CACHE, REQUIREMENTS


def peers_python() -> Path:
    """Return its Python interpreter; create it if needed. Raise CalledProcessError if pip fails.

    Three peers are source packages, one of them in C++, so a compiler is needed.
    """
    pins = REQUIREMENTS / "bench.txt"
    name = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = CACHE / f"peers-{name}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"the peers are installed in {folder} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "--prefer-binary", "-r", str(pins)], check=True)
        (folder / "ready").touch()
    return folder / "bin" / "python"
