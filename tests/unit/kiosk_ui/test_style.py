"""Test that colours come from tokens, that no rule is left over, and that all component references exist."""

import re

from kiosk_ui.assets import STATIC, STYLE, Assets, strip_css
from kiosk_ui.render import FOLDER as PACKAGE
from tests.browser.components import COMPARED, FOLDER

TOKENS = strip_css((STYLE / "tokens.css").read_text())


def test_the_references_are_small_and_none_is_left_over() -> None:
    names = {f"{size}-{theme}" for size, theme in COMPARED}
    assert {file.stem for file in FOLDER.iterdir()} == names
    assert max(file.stat().st_size for file in FOLDER.iterdir()) < 30_000


def test_no_colour_stands_outside_the_tokens() -> None:
    """But for the code, which is black on white whatever the theme, and the choice that shows the themes."""
    sheet = Assets().files["pages.css"].content.decode().replace(TOKENS, "")
    rules = [line for line in sheet.split("}") if re.search(r"#[0-9a-f]{3,8}\b|rgba?\(", line)]
    assert [line for line in rules if not re.search(r"\.code|data-shows|\.drawing", line)] == []


COMPUTED = ("count-", "on-", "page-", "text-", "theme-")
"""Beginnings of classes that a template puts together."""


def test_no_rule_is_for_a_class_that_no_page_has() -> None:
    sheet = re.sub(
        r"\{[^{}]*\}",
        "{}",
        "".join(Assets().files[name].content.decode() for name in ("pages.css", "site.css", "community.css")),
    )
    classes = set(re.findall(r"\.([a-z][\w-]*)", sheet))
    assert len(classes) > 100
    community = (PACKAGE.parent / "volunteering/templates").glob("*.html")
    sources = [*(PACKAGE / "templates").glob("*.html"), *community, *STATIC.glob("*.js"), *PACKAGE.glob("*.py")]
    words = set(re.findall(r"[\w-]+", " ".join(file.read_text() for file in sources)))
    assert {each for each in classes - words if not each.startswith(COMPUTED)} == set()
    views = {file.stem for file in (PACKAGE / "templates").glob("*.html")}
    assert {each for each in classes if each.startswith("page-")} <= {f"page-{view}" for view in views}
