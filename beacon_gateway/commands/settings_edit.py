"""Write values into the settings file; comments and everything else stay."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from beacon_gateway.commands.effective_settings import read_enrolled_central
from beacon_gateway.settings import Settings
from daemonkit.files import write_atomically
from daemonkit.toml import check_syntax, load_text, read_text
from daemonkit.toml_edit import Change, edit_toml
from daemonkit.toml_lines import Path as KeyPath


def write_settings(config: Path, state_dir: Path, wanted: Iterable[tuple[KeyPath, object]]) -> tuple[Change, ...]:
    """Write the values and return the changes. The new text is checked before it replaces the file.

    Raise ConfigRefused, OSError, and KeyError for an element that a list does not have.
    """
    text = read_text(config)
    check_syntax(config, text, Settings)
    edited, changes = edit_toml(text, wanted)
    load_text(config, edited, Settings, fill=read_enrolled_central(state_dir))
    if changes:
        file = config.resolve()
        before = file.stat()
        write_atomically(file, edited.encode(), mode=stat.S_IMODE(before.st_mode))
        after = file.stat()
        if (after.st_uid, after.st_gid) != (before.st_uid, before.st_gid):
            os.chown(file, before.st_uid, before.st_gid)  # written with sudo, read by the service
    return changes
