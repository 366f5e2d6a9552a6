"""What beacon-central doctor looks at on the machine: state folder, keys, disk, clock, port."""

import http.client
import json
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from central_server.backups import sqlite_file
from central_server.backups.backup import Source, megabytes
from central_server.commands.doctor_findings import Finding, look, note, well
from central_server.state_files import OWN_FILES
from daemonkit.clock import clock_synchronised
from sync_contract.strict_model import Environment

_KEY_OCTETS = 32
_LEFT = 50 * 1024 * 1024
_ANSWERS_S = 5.0


def folder(state: Path) -> Iterator[Finding]:
    """Whose it is, and that nobody else reads it."""
    found = state.stat()
    owner = _name(found.st_uid)
    if found.st_mode & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        yield look("folder", f"{state} has mode {mode}: others can look into it", f"chmod 700 {state}")
    strangers = sorted(each.name for each in state.iterdir() if each.lstat().st_uid != found.st_uid)
    if strangers:
        told = ", ".join(strangers[:3]) + (" and more" if len(strangers) > 3 else "")
        yield look(
            "folder",
            f"{state} is {owner}'s, but not {told} in it: the server may not read or replace that",
            f"sudo chown -R {owner}: {state}",
        )
    elif not found.st_mode & 0o077:
        yield well("folder", f"{state}, {owner}'s alone")


def keys(state: Path) -> Iterator[Finding]:
    there = [name for name in OWN_FILES if (state / name).exists()]
    if not there:
        yield note("keys", "none yet: the server makes its own at its first start")
        return
    if missing := [name for name in OWN_FILES if name not in there]:
        yield look(
            "keys",
            f"{', '.join(missing)} missing; the server would make it anew: gateways or second steps would then"
            " have to be set up again",
            "take it out of a backup before the next start:",
            f"tar -xOf BACKUP.tar state/{missing[0]} > {state / missing[0]}",
        )
    for name in there:
        found = (state / name).stat()
        if found.st_size != _KEY_OCTETS:
            yield look("keys", f"{name} has {found.st_size} octets instead of {_KEY_OCTETS}: take it out of a backup")
        if found.st_mode & 0o077:
            yield look("keys", f"{name} can be read by others", f"chmod 600 {state / name}")
    if not missing:
        yield well("keys", f"all {len(there)} are there")


def disk(source: Source) -> Finding:
    """A backup needs its room twice for a moment, and must not take the last of it."""
    free = shutil.disk_usage(source.state).free
    size = sqlite_file.octets(source.file) if source.kind == "sqlite" else 0
    needed = 2 * size + _LEFT
    says = f"{megabytes(free)} free"
    if free < needed:
        return look(
            "disk", f"{says}; the next backup needs {megabytes(needed)} for a while", "make room, or a larger disk"
        )
    return well("disk", says)


def clock(environment: Environment | None) -> Finding:
    if clock_synchronised():
        return well("clock", "synchronised")
    says = "not synchronised; banks refuse orders whose time is wrong"
    remedy = "sudo timedatectl set-ntp true"
    return look("clock", says, remedy) if environment is Environment.real else note("clock", says, remedy)


def port(host: str, number: int) -> Iterator[Finding]:
    """Whether it is the server that answers there, and what it says of itself."""
    where = f"{host}:{number}"
    if number == 0:
        yield note("server", "[server] port = 0: any free one, so that nobody can look at it from here")
        return
    try:
        status, health = _healthz(host, number)
    except ConnectionRefusedError:
        yield note("server", f"{where} is free: no server is running", "sudo systemctl start beacon-central")
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield look("server", f"{where} is taken by another program, or the server hangs: {error or 'no answer'}")
        return
    stages = health.get("stages")
    if not isinstance(stages, dict):
        yield look("server", f"another program answers at {where}", "another [server] port, or stop that program")
        return
    remedy = "journalctl -u beacon-central -n 50"
    waiting = sorted(name for name, stage in stages.items() if stage.get("state") == "waiting")
    if status != 200:
        yield look("server", f"answers at {where}, but stands still: {', '.join(health['stalled'])}", remedy)
    elif waiting:
        reasons = ", ".join(f"{name} ({stages[name].get('error')})" for name in waiting)
        yield look("server", f"answers at {where}; failing and tried again: {reasons}", remedy)
    else:
        yield well("server", f"answers at {where}, all {len(stages)} stages are well")


def _healthz(host: str, number: int) -> tuple[int, dict[str, Any]]:
    reached = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104  (asked where it listens)
    connection = http.client.HTTPConnection(reached, number, timeout=_ANSWERS_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = connection.getresponse()
        told = json.loads(answer.read(1024 * 1024))
    finally:
        connection.close()
    return answer.status, told if isinstance(told, dict) else {}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
