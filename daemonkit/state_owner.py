"""Let commands write the state folder as its owner: the service cannot read files of root."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_state_folder(state_dir: Path, service: str) -> bool:
    """Make the folder, for the user `service` if root makes it; return False if it exists."""
    if state_dir.is_dir():
        return False
    state_dir.mkdir(mode=0o700, parents=True)
    try:
        account = pwd.getpwnam(service)
    except KeyError:
        return True
    if os.geteuid() == 0:
        os.chown(state_dir, account.pw_uid, account.pw_gid)
    return True


def become_owner(state_dir: Path) -> None:
    """If root, become the owner of `state_dir` for the rest of this process; otherwise do nothing."""
    if (owner := _other_owner(state_dir)) is not None:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


@contextmanager
def as_owner(state_dir: Path) -> Iterator[None]:
    """If root, act as the owner of `state_dir` within the block, in all threads; otherwise do nothing."""
    owner = _other_owner(state_dir)
    if owner is None:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _other_owner(state_dir: Path) -> os.stat_result | None:
    if os.geteuid() != 0 or not state_dir.exists():
        return None
    owner = state_dir.stat()
    return None if owner.st_uid == 0 else owner
