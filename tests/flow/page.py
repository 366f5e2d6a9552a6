"""A page as a browser without JavaScript sees it: its text, forms and links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """`fields`: hidden and typed ones; `buttons`: (name, value) of each submit button, in order."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    def __init__(self, html: str, status: int = 200, url: str = "") -> None:
        super().__init__()
        self.html, self.status, self.url = html, status, url
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._open: Form | None = None
        self._text: list[str] = []
        self._silent = 0
        self.feed(html.replace("<wbr>", "").replace("\N{NO-BREAK SPACE}", " "))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    def form(self, action: str) -> Form:
        """The form whose action begins so. Fails with the page's text when there is none."""
        found = [form for form in self.forms if form.action.startswith(action)]
        assert found, f"no form leads to {action!r}: {self.text[:400]}"
        return found[0]

    def link(self, beginning: str) -> str:
        found = [link for link in self.links if link.startswith(beginning)]
        assert found, f"no link leads to {beginning!r}: {self.text[:400]}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(words.get("action", ""), words.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "a":
            self.links.append(words.get("href", ""))
        elif tag in {"style", "script"}:
            self._silent += 1
        elif self._open is not None and tag == "input":
            self._open.fields[words.get("name", "")] = words.get("value", "")
        elif self._open is not None and tag == "button" and words.get("type", "submit") == "submit":
            self._open.buttons.append((words.get("name", ""), words.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag in {"style", "script"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)
