"""Prepare what our programs read and compile at their start: parts, catalogues and page templates.

The process from which programs are forked imports this module last (forked_programs.py). A program finds the results
in the caches of `daemonkit.i18n` and `daemonkit.templates`, which saves half a second of a processor per server.
"""

import gc
from importlib.metadata import entry_points

from central_server.parts import GROUP, Part
from central_server.staff.frame.render import StaffTemplates
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_SITE = Texts.model_validate(dict.fromkeys(Language, "演练"))
_USUAL = (Language.zh_hans, Language.en)
"""Languages in which most tests open pages; the others are compiled when a page needs them."""


def _compile_pages() -> None:
    """Compile the templates of a gateway, and of a server with all parts."""
    parts: list[Part] = [part.load() for part in entry_points(group=GROUP)]
    drill = Environment.drill
    on_phones, of_staff = [part.phone_pages for part in parts], [part.staff_pages for part in parts]
    for pages in (
        Pages(environment=drill, site=_SITE, surface=Surface.kiosk),
        Pages(environment=drill, site=_SITE, surface=Surface.phone, more=on_phones),
        StaffTemplates(environment=drill, site=_SITE, more=of_staff),
    ):
        for templates in (pages._templates[language] for language in _USUAL):
            for name in templates.list_templates(["html"]):
                templates.get_template(name)


_compile_pages()
gc.collect()
gc.freeze()  # a program would copy the memory of what it only reads
