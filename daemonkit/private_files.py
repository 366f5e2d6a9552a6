"""Find secrets that other users of the machine may open."""

import stat
from collections.abc import Iterable
from pathlib import Path

_FOLDER, _FILE = 0o027, 0o077
"""Permission bits that a folder of secrets and a key must not have; a group may list a folder."""


class Exposed(Exception):
    """Others may open a secret. The message names the path and the remedy."""


def refuse_exposed(folder: Path, keys: Iterable[str]) -> None:
    """Check `folder` and those of its files named in `keys`, as far as they exist. Raises Exposed, OSError."""
    for path, refused in ((folder, _FOLDER), *((folder / name, _FILE) for name in keys)):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            continue
        if mode & refused:
            raise Exposed(
                f"{path}: other users of this machine may open it (mode {mode:04o}), and it contains secrets."
                f" Run: chmod {mode & ~refused:04o} {path}"
            )
