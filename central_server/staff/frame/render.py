"""Render staff pages in one of the three languages."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates

from central_server.catalogue.catalogue_version import made_at
from central_server.staff.frame import formatting
from daemonkit.i18n import Catalogues
from daemonkit.templates import PageSource, strict_templates
from kiosk_ui.assets import Asset
from kiosk_ui.number_format import money, signed
from kiosk_ui.render import LANGUAGE_NAMES
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_FOLDER = Path(__file__).parent.parent
_LOCALE = _FOLDER.parent / "locale"
_STYLE, _SCRIPT = "staff.css", "staff.js"
_SHEETS = ("tokens", "form", "table", "list", "mark", "figures", "frame", "print")
"""Files of style/, joined in this order. Each ends with its rules for phones; paper comes last."""


class StaffTemplates:
    """`site`: the operator's name, for pages without another one. `more`: further templates and catalogues."""

    def __init__(self, *, environment: Environment, site: Texts, more: Sequence[PageSource] = ()) -> None:
        self.site = site
        self.files = {
            _STYLE: _asset(tuple(_FOLDER / "style" / f"{name}.css" for name in _SHEETS), "text/css"),
            _SCRIPT: _asset((_FOLDER / "static" / _SCRIPT,), "text/javascript"),
        }
        catalogues = self._catalogues = Catalogues(_LOCALE, more=[source.locale for source in more])
        facts = {
            "drill": environment is Environment.drill,
            "language_names": LANGUAGE_NAMES,
            "stylesheet": f"/static/{_STYLE}?v={self.files[_STYLE].version}",
            "script": f"/static/{_SCRIPT}?v={self.files[_SCRIPT].version}",
        }
        self._templates = {}
        for language in Language:
            texts = catalogues.gettext(language)
            templates = strict_templates(_FOLDER / "templates", texts, [source.templates for source in more])
            self._templates[language] = _add_helpers(templates, language, site, facts)

    def words(self, language: Language) -> Callable[[str], str]:
        """Return the function that translates an English text."""
        return self._catalogues.gettext(language).gettext

    def html(self, template: str, language: Language, **values: Any) -> str:  # noqa: ANN401  (the template's own)
        return self._templates[language].get_template(template).render(values)


@cache
def _asset(parts: tuple[Path, ...], media_type: str) -> Asset:
    """Read and compress the joined files once per process."""
    content = b"\n".join(part.read_bytes() for part in parts)
    return Asset.of(content, media_type)


def _add_helpers(templates: Templates, language: Language, site: Texts, facts: dict[str, Any]) -> Templates:
    templates.globals.update(facts, language=language, site=site[language])
    templates.filters.update(
        made_at=made_at,
        money=lambda amount: money(amount, language),
        fen=lambda fen: signed(fen, language),
        signed=lambda minor: formatting.signed(minor, language),
        localized=lambda texts: texts[language],
        day=lambda at: formatting.day(at, language),
        clock=lambda at: formatting.clock(at, language),
        moment=formatting.moment,
        duration=lambda length: formatting.duration(length, language),
    )
    return templates
