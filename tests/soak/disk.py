"""Simulate a power cut: replay recorded file operations up to a moment, then lose part of the disk's cache."""

import random
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
DIRECTORY = "power-cut-disk"
"""Only files in a folder of this name are watched."""


@dataclass(frozen=True)
class DiskOperation:
    """`kind`: W write, S sync, T truncate (to `offset`), U unlink, A answer."""

    kind: str
    name: str
    offset: int
    data: bytes


def read_operations(log: bytes) -> list[DiskOperation]:
    operations, at = [], 0
    while at < len(log):
        kind = chr(log[at])
        (name_length,) = struct.unpack_from("<H", log, at + 1)
        at += 3
        name = log[at : at + name_length].decode()
        at += name_length
        offset, length = struct.unpack_from("<qI", log, at)
        at += 12
        operations.append(DiskOperation(kind, name, offset, log[at : at + length]))
        at += length
    return operations


def cut(operations: list[DiskOperation], moment: int, dice: random.Random) -> tuple[dict[str, bytes], list[str]]:
    """Return the files after a power cut at `moment`, and the ids acknowledged before it.

    Synced data are there. Each later write is complete, missing or torn at a sector, independently of the others.
    """
    files: dict[str, bytearray] = {}
    pending: dict[str, list[DiskOperation]] = {}
    answered = []
    for operation in operations[:moment]:
        if operation.kind == "A":
            answered += operation.data.decode().split()
        elif operation.kind == "S":
            for earlier in pending.pop(operation.name, []):
                _apply(files, earlier)
        else:  # an unlink is durable once its directory is synced
            pending.setdefault(DIRECTORY if operation.kind == "U" else operation.name, []).append(operation)
    for later in pending.values():
        for operation in later:
            match dice.choice(("drop", "tear", "keep")):
                case "keep":
                    _apply(files, operation)
                case "tear" if operation.kind == "W":
                    sectors = len(operation.data) // SECTOR
                    part = operation.data[: SECTOR * dice.randint(0, sectors)]
                    _apply(files, DiskOperation("W", operation.name, operation.offset, part))
    return {name: bytes(content) for name, content in files.items()}, answered


def _apply(files: dict[str, bytearray], operation: DiskOperation) -> None:
    content = files.setdefault(operation.name, bytearray())
    match operation.kind:
        case "W":
            if len(content) < operation.offset:
                content.extend(bytes(operation.offset - len(content)))
            content[operation.offset : operation.offset + len(operation.data)] = operation.data
        case "T":
            if len(content) < operation.offset:
                content.extend(bytes(operation.offset - len(content)))
            del content[operation.offset :]
        case "U":
            files.pop(operation.name, None)


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
