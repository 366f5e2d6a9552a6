"""Jinja2 with escaping, an error for each missing value, and texts from a catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket


@dataclass(frozen=True, slots=True)
class PageSource:
    """A folder with further templates, and the folder of their catalogues (`i18n.Catalogues`)."""

    templates: Path
    locale: Path


def strict_templates(folder: Path, texts: NullTranslations, more: Sequence[Path] = ()) -> Environment:
    """Return the templates of `folder`, then of `more`, in one language; each is read once."""
    templates = Environment(
        loader=FileSystemLoader([folder, *more]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_compiled(folder, texts),
    )
    templates.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return templates


class _Compiled(BytecodeCache):
    """The compiled templates, shared by all servers of this process."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def _compiled(folder: Path, texts: NullTranslations) -> _Compiled:
    """Return the cache of a language: compiling a template applies that language's filters to its constants."""
    return _Compiled()
