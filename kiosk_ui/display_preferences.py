"""A resident's choices for the display of pages: text size, colours, and reading aloud."""

from dataclasses import dataclass
from enum import StrEnum


class TextSize(StrEnum):
    """22, 26 and 30 CSS pixels of main text on the kiosk; a tenth less on small screens."""

    usual = "usual"
    larger = "larger"
    largest = "largest"


class Theme(StrEnum):
    light = "light"
    dark = "dark"
    """For a dark room."""
    contrast = "contrast"
    """White and yellow on black."""


@dataclass(frozen=True, slots=True)
class DisplayPreferences:
    text: TextSize = TextSize.usual
    theme: Theme = Theme.light
    aloud: bool = False


DEFAULT_DISPLAY = DisplayPreferences()
