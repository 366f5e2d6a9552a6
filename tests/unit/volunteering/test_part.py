"""The part as the server finds it: by its entry point, only while it is on, and only in a drill."""

import subprocess
import sys
from pathlib import Path

from tests.entry_points import write_entry_points
from tests.paths import ROOT

SCRIPT = """
import sys
from central_server import server
from central_server.errors import PartUnavailable
from central_server.parts import load_parts
from central_server.settings import Settings
from daemonkit.toml import load
from pathlib import Path

off = load(Path("central_server/central.toml"), Settings)
assert off.enabled_parts == () == load_parts(off)
assert not [name for name in sys.modules if name.startswith("volunteering")]
on = off.model_copy(update={"volunteering": off.volunteering.model_copy(update={"enabled": True})})
real = on.model_copy(update={"site": on.site.model_copy(update={"environment": "real"})})
drill = on.model_copy(update={"site": on.site.model_copy(update={"environment": "drill"})})
print([part.name for part in load_parts(drill)])
for path in (sys.path, []):
    sys.path[:] = path
    try:
        load_parts(real)
    except PartUnavailable as error:
        print(error)
"""


def test_the_server_imports_the_part_only_while_it_is_on(tmp_path: Path) -> None:
    write_entry_points(tmp_path)
    command = [sys.executable, "-c", SCRIPT]
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "['volunteering']",
        "volunteering.enabled: this part does not run where site.environment is real, only in: drill; write false",
        "volunteering.enabled: the package of this part is not installed; install it or write false",
    ], done.stderr
