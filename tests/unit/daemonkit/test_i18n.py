"""Translations read from .po files."""

from pathlib import Path

import pytest

from daemonkit.i18n import Catalogues

PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Give"
msgstr "我要捐款"

#, fuzzy
msgid "Back"
msgstr "旧译"

msgid "%(n)s gift"
msgid_plural "%(n)s gifts"
msgstr[0] "%(n)s 笔"
"""


@pytest.fixture(params=["zh-Hans", "zh_Hans"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / request.param / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "messages.po").write_text(PO, "utf-8")
    return tmp_path


def test_a_language_is_read_from_its_po_file(folder: Path) -> None:
    catalogues = Catalogues(folder)
    words = catalogues.gettext("zh-Hans")
    assert words.gettext("Give") == "我要捐款"
    assert words.ngettext("%(n)s gift", "%(n)s gifts", 3) == "%(n)s 笔"
    assert words.gettext("Back") == "Back"  # fuzzy translations are not used
    assert catalogues.gettext("zh-Hans") is words


def test_only_the_source_language_needs_no_file(folder: Path) -> None:
    assert Catalogues(folder).gettext("en").ngettext("one", "many", 2) == "many"
    with pytest.raises(FileNotFoundError, match="nan"):
        Catalogues(folder).gettext("nan")
