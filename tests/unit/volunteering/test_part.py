"""The part as the server finds it: by its entry point, only while it is on, and only in a drill."""

import subprocess
import sys
import tomllib
from pathlib import Path

from central_server.parts import GROUP
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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / "volunteering_metadata-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: volunteering-metadata\nVersion: 0\n")
    entries = "".join(f"{name} = {target}\n" for name, target in project["entry-points"][GROUP].items())
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}")
    command = [sys.executable, "-c", SCRIPT]
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "['volunteering']",
        "volunteering.enabled: this part does not run where site.environment is real, only in: drill; write false",
        "volunteering.enabled: the package of this part is not installed; install it or write false",
    ], done.stderr
