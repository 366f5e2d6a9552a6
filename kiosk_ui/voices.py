"""Recorded voices: what somebody of the place read aloud, page by page. Sites record their own: see docs/kiosk.md."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sync_contract.project import Project
from sync_contract.strict_model import Language

MEDIA = {".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
MOST_FILES, MOST_OCTETS = 500, 5_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class Voice(StrEnum):
    """A folder each."""

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
"""Which voices read a page in a language; the first is the usual one."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`url`: changes with the content."""

    file: Path
    media_type: str
    url: str


class Voices:
    """Every recording of `folders` by voice and key; of two with one key the earlier folder's counts.

    Read once, at the start. What is too long, too many or oddly named is left out.
    """

    def __init__(self, folders: Sequence[Path], prefix: str = "/voices/") -> None:
        self._prefix = prefix
        self._known: dict[tuple[Voice, str], Recording] = {}
        for folder in folders:
            for voice in Voice:
                for file in sorted((folder / voice).glob("*")) if (folder / voice).is_dir() else ():
                    self._take(voice, file)

    def __len__(self) -> int:
        return len(self._known)

    def speak(self, language: Language) -> bool:
        """Whether anything at all is recorded for the pages of a language."""
        return any(voice in SPOKEN[language] for voice, _ in self._known)

    def find(self, voice: str, name: str) -> Recording | None:
        """By what its address says: a voice, and the file's name."""
        found = self._known.get((Voice(voice), Path(name).stem)) if voice in list(Voice) else None
        return found if found is not None and found.file.name == name else None

    def of(self, keys: Sequence[str], language: Language) -> Mapping[str, str]:
        """Addresses by `own`, the usual voice of the language, and `nan`: for the first of `keys` that is recorded."""
        told = {}
        for voice in SPOKEN[language]:
            found = next((self._known[voice, key] for key in keys if (voice, key) in self._known), None)
            if found is not None:
                told["nan" if voice is Voice.nan else "own"] = found.url
        return told

    def _take(self, voice: Voice, file: Path) -> None:
        fits = file.suffix in MEDIA and _NAME.fullmatch(file.stem) and file.is_file()
        if not fits or (voice, file.stem) in self._known or len(self._known) >= MOST_FILES:
            return
        if not 0 < file.stat().st_size <= MOST_OCTETS:
            return
        version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        url = f"{self._prefix}{voice}/{file.name}?v={version}"
        self._known[voice, file.stem] = Recording(file, MEDIA[file.suffix], url)


def keys_of(view: object) -> tuple[str, ...]:
    """What is looked for, the most particular first: `project-elder-lunch`, then `project`."""
    name = str(getattr(view, "template", ""))
    if name == "amount" and getattr(view, "digits", None) is not None:
        name = "keypad"
    project = getattr(view, "project", None) or getattr(view, "shown", None)
    return (f"{name}-{project.id}", name) if isinstance(project, Project) else (name,)
