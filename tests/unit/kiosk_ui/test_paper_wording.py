import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from kiosk_ui.paper.typesetting import FOLDER
from sync_contract.strict_model import Language
from tests.unit.kiosk_ui.test_catalogues import PLACEHOLDER, TRANSLATED

SIMPLIFIED = set("这个们时机关请样东卖单额确认页银码与发电脑网丢显说选项资报刚过还没结凭条扫练织")


def messages_in_code() -> set[str]:
    found = set()
    for _, _, message, _, _ in extract_from_dir(str(FOLDER), method_map=[("**.py", "python")], keywords={"_": None}):
        assert isinstance(message, str)
        found.add(message)
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_printed_message_is_translated_and_none_is_left_over(language: Language) -> None:
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = {str(message.id): message for message in read_po(file) if message.id}
    assert set(messages) == messages_in_code()
    for message in messages.values():
        text = str(message.string)
        assert text
        assert not message.fuzzy
        assert sorted(PLACEHOLDER.findall(str(message.id))) == sorted(PLACEHOLDER.findall(text))
        assert re.search(r"[\u4e00-\u9fff]", text)
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), text
        if language is Language.zh_hant:
            assert not set(text) & SIMPLIFIED, text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.typ")), ids=lambda path: path.name)
def test_typst_templates_contain_no_text(path: object) -> None:
    code = re.sub(r"//[^\n]*", "", str(path.read_text("utf-8")))  # type: ignore[attr-defined]  # a Path
    assert not re.search(r"[\u3400-\u9fff]", code)
