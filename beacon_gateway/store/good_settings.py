"""The last five different settings files with which the gateway worked, in its state folder."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from daemonkit.files import write_atomically

LAST_GOOD = "last-good.toml"
COUNT = 5
NAMES = (LAST_GOOD, *(f"{LAST_GOOD}.{number}" for number in range(2, COUNT + 1)))
"""The newest first."""


def find_good_settings(state_dir: Path) -> Iterator[Path]:
    """Yield the existing files, the newest first."""
    return (path for name in NAMES if (path := state_dir / name).exists())


def store_good_settings(state_dir: Path, content: bytes) -> None:
    """Store `content` as the newest and move the others; a former copy of it goes. Raises OSError.

    A power cut may leave two names of one content, but never none: an older name is replaced before the newer one.
    """
    files = [state_dir / name for name in NAMES]
    same = next((number for number, file in enumerate(files) if _read(file) == content), COUNT - 1)
    if same == 0:
        return
    draft = state_dir / f".{LAST_GOOD}.moving"
    for number in range(same, 0, -1):
        if files[number - 1].exists():
            draft.unlink(missing_ok=True)
            os.link(files[number - 1], draft)
            draft.replace(files[number])
    write_atomically(files[0], content)


def _read(file: Path) -> bytes | None:
    with suppress(OSError):
        return file.read_bytes()
    return None
