"""Test that colours come from tokens and that all component references exist."""

import re

from kiosk_ui.assets import STYLE, Assets, strip_css
from kiosk_ui.display_preferences import Theme
from tests.browser.components import COMPARED, FOLDER

TOKENS = strip_css((STYLE / "tokens.css").read_text())


def test_the_references_are_small_and_none_is_left_over() -> None:
    names = {f"{size}-{theme}" for size in COMPARED for theme in Theme}
    assert {file.stem for file in FOLDER.iterdir()} == names
    assert max(file.stat().st_size for file in FOLDER.iterdir()) < 30_000


def test_no_colour_stands_outside_the_tokens() -> None:
    """But for the code, which is black on white whatever the theme, and the choice that shows the themes."""
    sheet = Assets().files["pages.css"].content.decode().replace(TOKENS, "")
    rules = [line for line in sheet.split("}") if re.search(r"#[0-9a-f]{3,8}\b|rgba?\(", line)]
    assert [line for line in rules if not re.search(r"\.code|data-shows|\.drawing", line)] == []
