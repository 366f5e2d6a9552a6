"""From values to staff pages, in one of the three languages."""

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates

from central_server.staff import words
from daemonkit.i18n import Catalogues
from daemonkit.templates import strict_templates
from kiosk_ui.assets import Asset
from kiosk_ui.figures import money
from kiosk_ui.render import LANGUAGE_NAMES
from sync_contract.project import Texts
from sync_contract.strict import Environment, Language

_FOLDER = Path(__file__).parent
_LOCALE = _FOLDER.parent / "locale"
_STYLE = "staff.css"


class StaffTemplates:
    def __init__(self, *, environment: Environment, site: Texts) -> None:
        octets = (_FOLDER / "static" / _STYLE).read_bytes()
        style = Asset(octets, "text/css", hashlib.sha256(octets).hexdigest()[:12])
        self.files = {_STYLE: style}
        catalogues = Catalogues(_LOCALE)
        facts = {
            "drill": environment is Environment.drill,
            "language_names": LANGUAGE_NAMES,
            "stylesheet": f"/static/{_STYLE}?v={style.version}",
        }
        self._templates = {language: _in(language, site, catalogues, facts) for language in Language}

    def html(self, template: str, language: Language, **values: Any) -> str:  # noqa: ANN401  (the template's own)
        return self._templates[language].get_template(template).render(values)


def _in(language: Language, site: Texts, catalogues: Catalogues, facts: dict[str, Any]) -> Templates:
    templates = strict_templates(_FOLDER / "templates", catalogues.gettext(language))
    templates.globals.update(facts, language=language, site=site[language])
    templates.filters.update(
        money=lambda amount: money(amount, language),
        said=lambda texts: texts[language],
        day=lambda at: words.day(at, language),
        clock=lambda at: words.clock(at, language),
        moment=words.moment,
    )
    return templates
