"""An atomically written file has the old or the new content."""

import os
import stat
from pathlib import Path

import pytest

from daemonkit.files import write_atomically


def test_the_new_content_replaces_the_old_with_its_own_mode(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_atomically(path, b"shown", mode=0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_failure_leaves_the_old_content_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "content").touch()
    with pytest.raises(OSError, match="folder"):
        write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_file_and_folder_are_flushed_around_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def traced_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def traced_replace(source: Path, target: Path) -> None:
        steps.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(os, "replace", traced_replace)
    write_atomically(tmp_path / "a", b"new")
    assert steps == ["file", "rename", "folder"]
