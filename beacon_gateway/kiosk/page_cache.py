"""Pages from memory: each kept beside the view that it shows, and rendered anew when the next view is another."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from kiosk_ui.display_preferences import Look
from kiosk_ui.render import Pages
from kiosk_ui.views import View
from sync_contract.strict_model import Language

MOST = 128
"""Pages and parts held at once, some 10 kB each; the one that was rendered first makes room."""

_Key = tuple[str, str, Language, Look]


@dataclass(frozen=True, slots=True)
class _Page:
    """`hung`: for which projects the page asked, and what hung in the album for each. `pieces`: the octets before,
    between and after the places of the CSRF token.
    """

    view: View
    hung: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...]


class Kept:
    """For views that hold nothing of one visitor.

    What a page shows is its view, in a language and a look, at a path, with the pictures that hang for its projects.
    All five are compared at each request, by a shortcut, too: whatever changes (the catalogue, the scene, the day, who
    bars us) makes another view, so that there is no version to forget and no news to miss. The visitor's CSRF token is
    put in afterwards.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        # Stands where a token will: nobody ever sees it, so nothing that somebody wrote can hold it.
        self._mark = secrets.token_hex(32)
        self._held: dict[_Key, _Page] = {}

    def html(self, view: View, language: Language, *, csrf: str, path: str, look: Look) -> bytes:
        """The whole page, as `Pages.html` renders it."""
        render = partial(self._pages.html, view, language, csrf=self._mark, path=path, look=look)
        return self._page((view.template, path, language, look), view, render, csrf)

    def part(self, view: View, language: Language, *, csrf: str, about: str, look: Look) -> str:
        """As `Pages.part` renders it. `about`: what else than its template tells views apart that take turns."""
        render = partial(self._pages.part, view, language, csrf=self._mark, look=look)
        return self._page((view.template, f"part {about}", language, look), view, render, csrf).decode()

    def _page(self, key: _Key, view: View, render: Callable[..., str], csrf: str) -> bytes:
        page = self._held.get(key)
        if page is None or not self._still(page, view):
            self._held.pop(key, None)
            while len(self._held) >= MOST:
                del self._held[next(iter(self._held))]
            page = self._held[key] = self._rendered(view, render)
        return csrf.encode().join(page.pieces)

    def _still(self, page: _Page, view: View) -> bool:
        album = self._pages.assets.album
        for project, hung in page.hung:
            if album(project) != hung:
                return False
        return page.view == view

    def _rendered(self, view: View, render: Callable[..., str]) -> _Page:
        assets, hung = self._pages.assets, dict[str, str]()

        def picture(project: str) -> str:
            hung[project] = assets.album(project)
            return assets.picture(project)

        html = render(picture=picture)
        return _Page(view, tuple(hung.items()), tuple(html.encode().split(self._mark.encode())))
