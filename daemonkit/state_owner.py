"""Let commands write the state folder as its owner: the service cannot read files of root."""

import os
from pathlib import Path


def become_owner(state_dir: Path) -> None:
    """If root, become the owner of `state_dir` for the rest of this process; otherwise do nothing."""
    if os.geteuid() == 0 and state_dir.exists():
        owner = state_dir.stat()
        if owner.st_uid != 0:
            os.setgroups([])
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)
