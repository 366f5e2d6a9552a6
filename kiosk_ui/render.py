"""Render views to HTML in one of the three languages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from gettext import NullTranslations
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment as Templates

from daemonkit.i18n import Catalogues
from daemonkit.templates import PageSource, strict_templates
from kiosk_ui.assets import Assets, Photograph, drawing_file
from kiosk_ui.display_preferences import DEFAULT_DISPLAY, DisplayPreferences
from kiosk_ui.hall_views import News
from kiosk_ui.keypad import press
from kiosk_ui.number_format import count, day, moment, money, month_name, signed, year_month
from kiosk_ui.phrases import PhrasedTexts, read_phrases, show_breaks
from kiosk_ui.qr import qr_svg
from kiosk_ui.surface import Surface
from kiosk_ui.telephone import dialled, groups
from kiosk_ui.views import View
from kiosk_ui.voices import Voices, recording_keys
from sync_contract.money import Money
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment, Language

FOLDER = Path(__file__).parent
_NO_VOICES = Voices(())
LANGUAGE_NAMES = {Language.zh_hans: "简体", Language.zh_hant: "繁體", Language.en: "English"}
"""Each in its own language; not translated."""
_NO_PICTURES: Mapping[str, Photograph] = {}


class Pages:
    """Renders views for one server. `site`: the community's name; `default_language`, `default_display`: of a new
    session.

    `album`: returns the photograph that staff gave for a project, None for none. `phone`: the number that this
    screen's site publishes, to which its error pages lead; empty for none, and on phones, whose sites differ.
    `check_in`: this screen has the page on which volunteers check in. `has_bulletin`: returns whether it can show the
    community's bulletin now. `has_old_settings`: returns whether the settings file has faults and previous settings are
    in use. `more`: further templates, catalogues and phrases.
    """

    def __init__(
        self,
        *,
        environment: Environment,
        site: Texts,
        surface: Surface,
        static_prefix: str = "/static/",
        default_language: Language = Language.zh_hans,
        default_display: DisplayPreferences = DEFAULT_DISPLAY,
        album: Callable[[str], Photograph | None] = lambda project: None,
        voices: Voices = _NO_VOICES,
        phone: str = "",
        more: Sequence[PageSource] = (),
        check_in: bool = False,
        has_bulletin: Callable[[], bool] = lambda: False,
        has_old_settings: Callable[[], bool] = lambda: False,
    ) -> None:
        self.assets = Assets(static_prefix)
        self.voices = voices
        self.default_language = default_language
        self.default_display = default_display
        self._facts = {
            "drill": environment is Environment.drill,
            "surface": surface,
            "default_language": default_language,
            "default_display": default_display,
            "language_names": LANGUAGE_NAMES,
            "asset": self.assets.url,
            "photograph": album,
            "drawing": lambda project: self.assets.url(drawing_file(project.drawing)),
            "qr": qr_svg,
            "phone": phone,
            "check_in": check_in,
            "has_bulletin": has_bulletin,
            "has_old_settings": has_old_settings,
        }
        locales = (FOLDER / "locale", *(source.locale for source in more))
        catalogues = Catalogues(locales[0], more=locales[1:])
        self._templates = {}
        for language in Language:
            texts = _phrased(language, catalogues.gettext(language), locales)
            templates = strict_templates(FOLDER / "templates", texts, [source.templates for source in more])
            self._templates[language] = self._add_helpers(templates, language, site)

    def _add_helpers(self, templates: Templates, language: Language, site: Texts) -> Templates:
        templates.globals.update(self._facts, language=language, site=site[language])
        templates.globals["recordings"] = self.voices.has_language(language)
        templates.globals["recorded"] = lambda view: self.voices.urls(recording_keys(view), language)
        templates.filters.update(
            money=lambda amount: money(amount, language),
            day=lambda date: day(date, language),
            localized=lambda texts: _localize(texts, language),
            yuan=lambda fen, project: money(Money(fen, project.currency), language),
            press=press,
            groups=groups,
            dialled=dialled,
            fen=lambda fen: signed(fen, language),
            number=lambda number: count(number, language),
            moment=lambda at: moment(at, language),
            in_language=lambda path, other: _query_with(path, "lang", other.value),
            in_size=lambda path, size: _query_with(path, "text", size),
            month_name=lambda month: month_name(month, language),
            year_month=lambda year, month: year_month(int(year), int(month), language),
        )
        return templates

    def render_page(
        self,
        view: View,
        language: Language,
        *,
        csrf: str = "",
        path: str = "/",
        display: DisplayPreferences = DEFAULT_DISPLAY,
        pictures: Mapping[str, Photograph] = _NO_PICTURES,
        contact: str = "",
        site: Texts | None = None,
        place_path: str = "",
    ) -> str:
        """Return the complete page.

        `csrf`: the token of its forms; `path`: its path and query, to return to it in another language; `pictures`: by
        project, the photographs that this page has itself; `contact`: the path of the contact page in the
        footer on phones, empty for none; `site`: the community of the page, where a server has several; `place_path`:
        the end of the paths of that place's help and privacy pages on phones, e.g. "/huada".
        """
        facts: dict[str, Any] = {"csrf": csrf, "path": path, "display": display, "contact": contact}
        facts["place_path"] = place_path
        if site is not None:
            facts["site"] = _localize(site, language)
        if pictures:
            facts["photograph"] = pictures.get
        return self._render(view, language, "page.html", **facts)

    def render_main(
        self, view: View, language: Language, *, csrf: str = "", display: DisplayPreferences = DEFAULT_DISPLAY
    ) -> str:
        """Return only the content of <main>, as `/live` sends it."""
        return self._render(view, language, "part.html", csrf=csrf, display=display)

    def render_news(self, news: News | None, language: Language) -> str:
        """Return the content of the banner for a waiting scene; empty for none."""
        html = self._templates[language].get_template("news.html").render(view=news)
        return show_breaks(html, _phrases(news)).strip()

    def _render(self, view: View, language: Language, layout: str, **facts: Any) -> str:  # noqa: ANN401  (the page's)
        template = self._templates[language].get_template(f"{view.template}.html")
        html = template.render(view=view, layout=layout, **facts)
        return show_breaks(html, _phrases(view))


def _phrases(view: View | News | None) -> Iterator[str]:
    """Yield the phrases of the projects that the view shows."""
    for project in (getattr(view, "project", None), *getattr(view, "projects", ())):
        if isinstance(project, Project):
            yield from project.phrases


@cache
def _phrased(language: Language, texts: NullTranslations, locales: tuple[Path, ...]) -> NullTranslations:
    files = (folder / language / "LC_MESSAGES" / "phrases.txt" for folder in locales)
    return PhrasedTexts(texts, dict(chain.from_iterable(read_phrases(file).items() for file in files)))


def _localize(texts: Texts, language: Language) -> str:
    """Return the text in the page's language; where that is blank, in another language."""
    return next((texts[each] for each in (language, *Language) if texts[each].strip()), texts[language])


def _query_with(path: str, name: str, value: str) -> str:
    """Return the query of `path` with `name` set to `value` and its other fields unchanged."""
    fields = parse_qsl(urlsplit(path).query, keep_blank_values=True)
    return "?" + urlencode([*((each, text) for each, text in fields if each != name), (name, value)])
