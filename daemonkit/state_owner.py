"""Commands that write into the state folder do so as its owner: what root wrote, the service could not read."""

import os
from pathlib import Path


def become_owner(state_dir: Path) -> None:
    """As root, for the rest of this process; anybody else stays who they are."""
    if os.geteuid() == 0 and state_dir.exists():
        found = state_dir.stat()
        if found.st_uid != 0:
            os.setgroups([])
            os.setgid(found.st_gid)
            os.setuid(found.st_uid)
