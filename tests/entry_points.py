"""Provide the entry points of this working tree to tests, and to programs that they start.

`./dev` installs the project again when pyproject.toml changes. This is for an environment that is older than the tree.
"""

import os
import sys
import tempfile
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from tests.paths import ROOT


def write_entry_points(folder: Path) -> None:
    """Write the metadata of a distribution with our entry points (Entry points specification, PyPA)."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    info = folder / "entry_points_of_this_tree-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: entry-points-of-this-tree\nVersion: 0\n")
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in groups.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections))


def provide_entry_points() -> tempfile.TemporaryDirectory[str] | None:
    """Put the entry points on the path if the environment lacks them; return the folder to remove at the end."""
    if entry_points(group="beacon_central.parts"):
        return None
    folder = tempfile.TemporaryDirectory(prefix="entry-points-")
    write_entry_points(Path(folder.name))
    sys.path.append(folder.name)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), folder.name)))
    return folder
