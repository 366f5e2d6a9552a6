"""A disk whose power is cut: what a process did to its files is replayed up to a moment; then its cache is lost."""

import random
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
DIRECTORY = "power-cut-disk"
"""Only files in a folder of this name are watched."""


@dataclass(frozen=True)
class Deed:
    """`kind`: W write, S sync, T truncate (to `offset`), U unlink, A answer."""

    kind: str
    name: str
    offset: int
    octets: bytes


def read_deeds(log: bytes) -> list[Deed]:
    deeds, at = [], 0
    while at < len(log):
        kind = chr(log[at])
        (name_length,) = struct.unpack_from("<H", log, at + 1)
        at += 3
        name = log[at : at + name_length].decode()
        at += name_length
        offset, length = struct.unpack_from("<qI", log, at)
        at += 12
        deeds.append(Deed(kind, name, offset, log[at : at + length]))
        at += length
    return deeds


def cut(deeds: list[Deed], moment: int, dice: random.Random) -> tuple[dict[str, bytes], list[str]]:
    """The files as they are found after a power cut at `moment`, and the ids acknowledged before it.

    What was synced is there. Of what came later each write is there, not there, or torn at a sector: in any mixture,
    since a disk orders its cache as it likes.
    """
    files: dict[str, bytearray] = {}
    pending: dict[str, list[Deed]] = {}
    answered = []
    for deed in deeds[:moment]:
        if deed.kind == "A":
            answered += deed.octets.decode().split()
        elif deed.kind == "S":
            for earlier in pending.pop(deed.name, []):
                _apply(files, earlier)
        else:  # an unlink is durable once its directory is synced
            pending.setdefault(DIRECTORY if deed.kind == "U" else deed.name, []).append(deed)
    for later in pending.values():
        for deed in later:
            match dice.choice(("drop", "tear", "keep")):
                case "keep":
                    _apply(files, deed)
                case "tear" if deed.kind == "W":
                    whole = len(deed.octets) // SECTOR
                    part = deed.octets[: SECTOR * dice.randint(0, whole)]
                    _apply(files, Deed("W", deed.name, deed.offset, part))
    return {name: bytes(content) for name, content in files.items()}, answered


def _apply(files: dict[str, bytearray], deed: Deed) -> None:
    content = files.setdefault(deed.name, bytearray())
    match deed.kind:
        case "W":
            if len(content) < deed.offset:
                content.extend(bytes(deed.offset - len(content)))
            content[deed.offset : deed.offset + len(deed.octets)] = deed.octets
        case "T":
            if len(content) < deed.offset:
                content.extend(bytes(deed.offset - len(content)))
            del content[deed.offset :]
        case "U":
            files.pop(deed.name, None)


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
