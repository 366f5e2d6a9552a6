"""Jinja2 as every page of ours uses it: escaping always, a missing value is an error, texts from a catalogue."""

from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket


def strict_templates(folder: Path, texts: NullTranslations) -> Environment:
    """The templates of `folder` in one language; read once, so that a page costs no disk."""
    templates = Environment(
        loader=FileSystemLoader(folder),
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
    """What was compiled in this process, for every server that runs in it."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def _compiled(folder: Path, texts: NullTranslations) -> _Compiled:
    """One for each language: when a template is compiled, its constants go through that language's filters."""
    return _Compiled()
