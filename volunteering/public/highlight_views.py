"""The views of the phone pages of highlights."""

from dataclasses import dataclass

from kiosk_ui.views import View


@dataclass(frozen=True, slots=True)
class HighlightLine:
    """`picture`: its path, "" for none. `state`: of the reader's consent, "" on the public page."""

    id: str
    text: str
    day: str
    picture: str
    state: str = ""
    published: bool = True


@dataclass(frozen=True, slots=True)
class HighlightsPage(View):
    template = "community_highlights"

    lines: tuple[HighlightLine, ...]
    root: str


@dataclass(frozen=True, slots=True)
class PicturesPage(View):
    """Pictures on which the reader can be recognised. `problem`: why a form changed nothing."""

    template = "community_pictures"

    lines: tuple[HighlightLine, ...]
    root: str
    problem: str = ""
