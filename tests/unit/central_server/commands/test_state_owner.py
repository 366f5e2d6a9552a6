"""Commands of root write the state folder as its owner, so that the service can read it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.paths import ROOT

NOBODY = 65534


def test_an_account_added_by_root_before_the_first_start_is_readable_by_the_service() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state, password = Path(folder) / "state", Path(folder) / "password"
        os.chmod(folder, 0o755)
        state.mkdir(mode=0o700)
        owner = NOBODY if os.geteuid() == 0 else os.getuid()
        os.chown(state, owner, -1)
        password.write_text("a long and sensible password\n", "utf-8")
        password.chmod(0o600)
        words = ["user", "add", "chief", "--password-file", str(password), "--state-dir", str(state)]
        words += ["--config", str(ROOT / "config/demo/central.toml")]
        done = subprocess.run([sys.executable, "-m", "central_server", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        files = list(state.rglob("*"))
        assert files
        assert {file.stat().st_uid for file in files} == {owner}
