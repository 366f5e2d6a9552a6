"""From a view to HTML, in one of the three languages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment as Templates

from daemonkit.i18n import Catalogues
from daemonkit.templates import strict_templates
from kiosk_ui.assets import Assets
from kiosk_ui.display_preferences import Look
from kiosk_ui.hall_views import News
from kiosk_ui.keypad import press
from kiosk_ui.number_format import count, day, moment, money, month_name, signed
from kiosk_ui.qr import qr_svg
from kiosk_ui.surface import Surface
from kiosk_ui.telephone import dialled, groups
from kiosk_ui.views import View
from kiosk_ui.voices import Voices, keys_of
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

FOLDER = Path(__file__).parent
_NO_VOICES = Voices(())
USUAL = Look()
LANGUAGE_NAMES = {Language.zh_hans: "简体", Language.zh_hant: "繁體", Language.en: "English"}
"""Each in its own language, whatever the page's: the one text that is not translated."""
_NO_PICTURES: Mapping[str, str] = {}


class Pages:
    """Renders views for one server. `site`: the community's name; `default` and `usual_look`: of an untouched kiosk.

    `album`: the address of the picture that staff gave a project, empty for none. `phone`: the number that the place of
    this screen publishes, to which its pages of trouble lead; empty for none, and on phones, whose places differ.
    """

    def __init__(
        self,
        *,
        environment: Environment,
        site: Texts,
        surface: Surface,
        static_prefix: str = "/static/",
        default: Language = Language.zh_hans,
        usual_look: Look = USUAL,
        album: Callable[[str], str] = lambda project: "",
        voices: Voices = _NO_VOICES,
        phone: str = "",
    ) -> None:
        self.assets = Assets(static_prefix, album=album)
        self.voices = voices
        self.default = default
        self.usual_look = usual_look
        self._facts = {
            "drill": environment is Environment.drill,
            "surface": surface,
            "default_language": default,
            "usual_look": usual_look,
            "language_names": LANGUAGE_NAMES,
            "asset": self.assets.url,
            "picture": self.assets.picture,
            "qr": qr_svg,
            "phone": phone,
        }
        catalogues = Catalogues(FOLDER / "locale")
        self._templates = {language: self._in(language, site, catalogues) for language in Language}

    def _in(self, language: Language, site: Texts, catalogues: Catalogues) -> Templates:
        templates = strict_templates(FOLDER / "templates", catalogues.gettext(language))
        templates.globals.update(self._facts, language=language, site=site[language])
        templates.globals["recordings"] = self.voices.speak(language)
        templates.globals["recorded"] = lambda view: self.voices.of(keys_of(view), language)
        templates.filters.update(
            money=lambda amount: money(amount, language),
            day=lambda date: day(date, language),
            said=lambda texts: _said(texts, language),
            yuan=lambda fen, project: money(Money(fen, project.currency), language),
            press=press,
            groups=groups,
            dialled=dialled,
            fen=lambda fen: signed(fen, language),
            number=lambda number: count(number, language),
            moment=lambda at: moment(at, language),
            in_language=lambda path, other: _asking(path, "lang", other.value),
            in_size=lambda path, size: _asking(path, "text", size),
            month_name=lambda month: month_name(month, language),
        )
        return templates

    def html(
        self,
        view: View,
        language: Language,
        *,
        csrf: str = "",
        path: str = "/",
        look: Look = USUAL,
        pictures: Mapping[str, str] = _NO_PICTURES,
        picture: Callable[[str], str] | None = None,
        contact: str = "",
        site: Texts | None = None,
        here: str = "",
    ) -> str:
        """The whole page. `csrf`: the token for its forms; `path`: where it lives, with its query, to come back in
        another language; `pictures`: by project the address of what staff gave it, where a page has its own;
        `picture`: is asked for them instead of `assets.picture`; `contact`: the path of the page that says whom to
        call, to which the foot of a phone's page leads, empty for none;
        `site`: the community that the page is of, where a server has several; `here`: with what the paths of a phone's
        help and privacy pages end for that place, as "/huada".
        """
        facts: dict[str, Any] = {"csrf": csrf, "path": path, "look": look, "contact": contact, "here": here}
        if site is not None:
            facts["site"] = _said(site, language)
        usual = picture or self.assets.picture
        if pictures or picture:
            facts["picture"] = lambda project: pictures.get(project) or usual(project)
        return self._render(view, language, "page.html", **facts)

    def part(
        self,
        view: View,
        language: Language,
        *,
        csrf: str = "",
        look: Look = USUAL,
        picture: Callable[[str], str] | None = None,
    ) -> str:
        """Only what stands inside <main>, as `/live` sends it. `picture`: as for `html`."""
        picture = picture or self.assets.picture
        return self._render(view, language, "part.html", csrf=csrf, look=look, picture=picture)

    def news(self, news: News | None, language: Language) -> str:
        """What stands in the banner of a waiting scene; empty for none."""
        return self._templates[language].get_template("news.html").render(view=news).strip()

    def _render(self, view: View, language: Language, layout: str, **facts: Any) -> str:  # noqa: ANN401  (the page's)
        template = self._templates[language].get_template(f"{view.template}.html")
        return template.render(view=view, layout=layout, **facts)


def _said(texts: Texts, language: Language) -> str:
    """In the page's language; where there is nothing but blanks, in another one rather than not at all."""
    return next((texts[each] for each in (language, *Language) if texts[each].strip()), texts[language])


def _asking(path: str, name: str, wish: str) -> str:
    """The query that shows the page at `path` as wished: what else stood in its query stays."""
    asked = parse_qsl(urlsplit(path).query, keep_blank_values=True)
    return "?" + urlencode([*((each, value) for each, value in asked if each != name), (name, wish)])
