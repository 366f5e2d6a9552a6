"""An append-only file of JSON lines, one for each change, so that a restart loses nothing."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Journal:
    file: Path

    def read(self) -> Iterator[dict[str, Any]]:
        if not self.file.exists():
            return
        for line in self.file.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # an incomplete last line after a power cut: its change was never acknowledged
            if isinstance(record, dict):
                yield record

    def append(self, record: Mapping[str, Any]) -> None:
        """The record is on disk when this returns."""
        line = json.dumps(record, ensure_ascii=False)
        # The newline in front ends an incomplete line before this one.
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"\n{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
