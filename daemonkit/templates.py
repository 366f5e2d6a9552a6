"""Jinja2 as every page of ours uses it: escaping always, a missing value is an error, texts from a catalogue."""

from gettext import NullTranslations
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


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
    )
    templates.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return templates
