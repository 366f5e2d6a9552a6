"""The views of volunteer cards on phones."""

from dataclasses import dataclass

from kiosk_ui.views import View


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """`name`: "" for neighbours' homes."""

    name: str
    times: int
    minutes: int


@dataclass(frozen=True, slots=True)
class CardPage(View):
    """`state`: of the card, "" before it is issued. `url`: in the code, "" unless the card is active.

    `grades`: grade and minutes. `missing`: minutes for the next star, None after the last one. `until`: when the code
    ends, in official time. `reason`: of the last change, by staff.
    `unprintable`: the server cannot print the certificate now.
    `refresh_s`: when a page without JavaScript gets the next code.
    """

    template = "community_card"

    root: str
    name: str
    state: str
    number: str
    url: str
    until: str
    stars: int
    missing: int | None
    total: int
    grades: tuple[tuple[str, int], ...]
    people_served: int
    places: tuple[PlaceLine, ...]
    reason: str
    unprintable: bool = False
    refresh_s: int = 240


@dataclass(frozen=True, slots=True)
class CardCheckPage(View):
    """The result of a scanned code, or the page that prepares a phone to check codes without a network.

    `verdict`: of CardVerdict, or "preparing". `shell`: the page's own path, "" for the result of a code; `list_path`:
    of the community's keys. `community`: of the code.
    """

    template = "community_card_check"

    verdict: str
    shell: str = ""
    list_path: str = ""
    community: str = ""
    number: str = ""
    stars: int = 0
    issued: str = ""
    root: str = ""


@dataclass(frozen=True, slots=True)
class FigureMonth:
    """None: about fewer than five people. `grades`: grade and minutes."""

    name: str
    people: int | None
    returning: int | None
    grades: tuple[tuple[str, int], ...]
    people_served: int | None


@dataclass(frozen=True, slots=True)
class FiguresPage(View):
    template = "community_figures"

    root: str
    months: tuple[FigureMonth, ...]
