"""Build the documentation site with MkDocs from docs/, the READMEs and reference pages generated from the code."""

import logging
import tempfile
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.docs_site.reference import write_reference
from tests.docs_site.source import collect_pages
from tests.paths import ROOT


class SiteFault(Exception):
    """MkDocs warned, such as about a link without a target or a page that is not in the navigation."""


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def build_site(target: Path) -> None:
    """Write the pages in English and Chinese to `target`. They open from a file; only the search needs a web server.

    Raise SiteFault with every warning of MkDocs.
    """
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        collect_pages(source)
        write_reference(source / "reference")
        warnings = _Warnings()
        logger = logging.getLogger("mkdocs")
        logger.addHandler(warnings)
        try:
            config = load_config(str(ROOT / "mkdocs.yml"), docs_dir=str(source), site_dir=str(target))
            config.plugins.on_startup(command="build", dirty=False)
            build(config)
        finally:
            logger.removeHandler(warnings)
    if warnings.messages:
        raise SiteFault("\n".join(warnings.messages))
