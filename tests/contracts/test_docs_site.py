"""The documentation site is built in both languages, and MkDocs finds no link without a target."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs_site import build
from tests.docs_site.build import SiteFault, build_site

pytestmark = pytest.mark.thorough


class Links(HTMLParser):
    """The addresses that a page names, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value and tag != "base":
                self.targets.add(value)
            if name == "id" and value:
                self.anchors.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    build_site(target)
    return target


def test_each_link_of_the_site_leads_to_a_file_of_it(site: Path) -> None:
    """Read by Python's own HTML parser, not by MkDocs."""
    pages = {page: Links(page) for page in site.rglob("*.html") if page.name != "404.html"}
    missing = []
    for page, links in pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or not parts.path:
                continue
            file = (page.parent / unquote(parts.path)).resolve()
            if not file.exists():
                missing.append((page.relative_to(site).as_posix(), target))
    assert missing == []


def test_the_reference_lists_each_command_and_setting_in_both_languages(site: Path) -> None:
    for folder in (site, site / "zh"):
        commands = (folder / "reference" / "commands.html").read_text("utf-8")
        assert {"beacon-gateway-sync-status", "beacon-central-user-add"} <= Links(
            folder / "reference/commands.html"
        ).anchors
        assert "--state-dir" in commands
        settings = (folder / "reference" / "settings.html").read_text("utf-8")
        assert {"presence.exit_s", "bank.url"} <= set(re.findall(r"<code>([a-z_.\[\]]+)</code>", settings))


def test_no_page_loads_anything_from_another_server(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert re.findall(r'<(?:script|img|iframe)[^>]+src="https?:', text) == []
        assert re.findall(r'<link[^>]+rel="(?:stylesheet|preconnect)"[^>]+href="https?:', text) == []


def test_a_link_without_a_target_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def collect_one(target: Path) -> None:
        (target / "index.md").write_text("# Start\n\n[lost](no-such-page.md)\n", "utf-8")

    monkeypatch.setattr(build, "collect_pages", collect_one)
    with pytest.raises(SiteFault, match=r"no-such-page\.md"):
        build_site(tmp_path)
