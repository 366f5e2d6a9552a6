"""Recordings of pages read aloud by local voices. Sites record their own: see docs/kiosk.md."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sync_contract.project import Project
from sync_contract.strict_model import Language

MEDIA = {".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
MAX_FILES, MAX_BYTES = 500, 5_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class Voice(StrEnum):
    """Each has its own folder."""

    zh = "zh"
    """普通话."""
    nan = "nan"
    """閩南語."""
    en = "en"


SPOKEN = {
    Language.zh_hans: (Voice.zh, Voice.nan),
    Language.zh_hant: (Voice.zh, Voice.nan),
    Language.en: (Voice.en,),
}
"""The voices that read pages in a language; the first is the default."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`url` contains a version of the content."""

    file: Path
    media_type: str
    url: str


class Voices:
    """All recordings of `folders` by voice and key; earlier folders have priority.

    Read once, at the start. Files that are too long, too many or have an invalid name are ignored.
    """

    def __init__(self, folders: Sequence[Path], prefix: str = "/voices/") -> None:
        self._prefix = prefix
        self._recordings: dict[tuple[Voice, str], Recording] = {}
        for folder in folders:
            for voice in Voice:
                for file in sorted((folder / voice).glob("*")) if (folder / voice).is_dir() else ():
                    self._add(voice, file)

    def __len__(self) -> int:
        return len(self._recordings)

    def has_language(self, language: Language) -> bool:
        """Return whether any recording exists for the pages of a language."""
        return any(voice in SPOKEN[language] for voice, _ in self._recordings)

    def find(self, voice: str, name: str) -> Recording | None:
        """Return the recording of a voice by its file name, or None."""
        found = self._recordings.get((Voice(voice), Path(name).stem)) if voice in list(Voice) else None
        return found if found is not None and found.file.name == name else None

    def urls(self, keys: Sequence[str], language: Language) -> Mapping[str, str]:
        """Return addresses by `own` (the language's default voice) and `nan`, each for the first recorded key."""
        urls = {}
        for voice in SPOKEN[language]:
            found = next((self._recordings[voice, key] for key in keys if (voice, key) in self._recordings), None)
            if found is not None:
                urls["nan" if voice is Voice.nan else "own"] = found.url
        return urls

    def _add(self, voice: Voice, file: Path) -> None:
        fits = file.suffix in MEDIA and _NAME.fullmatch(file.stem) and file.is_file()
        if not fits or (voice, file.stem) in self._recordings or len(self._recordings) >= MAX_FILES:
            return
        if not 0 < file.stat().st_size <= MAX_BYTES:
            return
        version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        url = f"{self._prefix}{voice}/{file.name}?v={version}"
        self._recordings[voice, file.stem] = Recording(file, MEDIA[file.suffix], url)


def recording_keys(view: object) -> tuple[str, ...]:
    """Return the keys of a view's recordings, the most specific first: `project-elder-lunch`, then `project`."""
    name = str(getattr(view, "template", ""))
    if name == "amount" and getattr(view, "digits", None) is not None:
        name = "keypad"
    project = getattr(view, "project", None) or getattr(view, "shown", None)
    return (f"{name}-{project.id}", name) if isinstance(project, Project) else (name,)
