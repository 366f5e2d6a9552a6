"""Input mistakes of Chinese keyboards, and repetitions, are explained on their line; tomlkit reads what was meant."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import tomlkit
from pydantic import BaseModel, ConfigDict
from tomlkit.exceptions import ParseError

from beacon_gateway.commands.settings_edit import write_settings
from daemonkit.toml import ConfigRefused, load_text
from daemonkit.toml_faults import Fault
from daemonkit.toml_repair import repair
from tests.paths import ROOT

FILE = Path("house.toml")
HAN = re.compile("[\u4e00-\u9fff]")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Lamp(Strict):
    name: str
    watts: float = 5


class House(Strict):
    port: int = 80
    host: str = ""
    lit: bool = True
    since: date | None = None
    names: tuple[str, ...] = ()
    titles: dict[str, str] = {}
    door_password: str = ""
    lamp: Lamp | None = None
    lamps: tuple[Lamp, ...] = ()


MISTAKES = {
    'host = “pi.local”': ('host = "pi.local"', "host", '引号 “…” 应为 "…"', 'quotation marks “…” must be "…"'),
    'host = ＂pi.local＂': ('host = "pi.local"', "host", '引号 ＂…＂', 'quotation marks ＂…＂ must be "…"'),
    'host = "pi.local”': ('host = "pi.local"', "host", '引号 "…”', 'quotation marks "…”'),
    "host = ‘pi.local’": ('host = "pi.local"', "host", "引号 ‘…’", "quotation marks ‘…’"),
    "host = 「pi.local」": ('host = "pi.local"', "host", "引号 「…」", "quotation marks 「…」"),
    'host = "pi.local': ('host = "pi.local"', "host", "引号不成对", "no closing quotation mark"),
    "host = “pi.local": ('host = "pi.local"', "host", "引号不成对", "add it at the end of this line"),
    'host ＝ "pi.local"': ('host = "pi.local"', "host", "全角的 ＝ 应为 =", "full-width ＝ must be ="),
    'host： "pi.local"': ('host = "pi.local"', "host", "键和值之间的 ： 应为 =", "： between key and value must be ="),
    "port: 8080": ("port = 8080", "port", "键和值之间的 : 应为 =", ": between key and value must be ="),
    "ｐｏｒｔ = 8080": ("port = 8080", "port", "全角的 ｐｏｒｔ 应为 port", "full-width ｐｏｒｔ must be port"),
    "port = ８０８０": ("port = 8080", "port", "全角的 ８０８０ 应为 8080", "full-width ８０８０ must be 8080"),
    "port = －5": ("port = -5", "port", "全角的 － 应为 -", "full-width － must be -"),
    "port = –5": ("port = -5", "port", "全角的 – 应为 -", "full-width – must be -"),
    "port = 8080 ＃ 端口": ("port = 8080 # 端口", "port", "全角的 ＃ 应为 #", "full-width ＃ must be #"),
    "＃ 端口，和“地址”": ("# 端口，和“地址”", "", "全角的 ＃ 应为 #", "full-width ＃ must be #"),
    "port\u3000=\u30008080": ("port = 8080", "port", "全角空格", "a full-width space must be a plain space"),
    "port =\u00a08080": ("port = 8080", "port", "全角空格", "a full-width space must be a plain space"),
    "\u200bport = 8080": ("port = 8080", "port", "看不见的字符 U+200B", "the invisible U+200B must be deleted"),
    'names = ["东"，"西"]': ('names = ["东", "西"]', "names", "全角的 ， 应为 ,", "full-width ， must be ,"),
    "names = [“东”、“西”]": ('names = ["东", "西"]', "names", "全角的 、 应为 ,", "full-width 、 must be ,"),
    'names = ［"东"］': ('names = ["东"]', "names", "全角的 ［ 应为 [;", "must be [, full-width ］"),
    'names = 【"东"】': ('names = ["东"]', "names", "全角的 【 应为 [", "full-width 【 must be ["),
    'titles = ｛zh = "东"｝': ('titles = {zh = "东"}', "titles", "全角的 ｛ 应为 {", "full-width ｛ must be {"),
    'titles = {zh: "东", en： "E"}': ('titles = {zh = "东", en = "E"}', "titles", "键和值之间的 :", ": between key"),
    "titles = {zh = 东门, en = E}": ('titles = {zh = "东门", en = "E"}', "titles", "文字要加英文引号", "text needs"),
    "host = pi.local": ('host = "pi.local"', "host", "文字要加英文引号", "text needs quotation marks"),
    "host = 192.168.1.20": ('host = "192.168.1.20"', "host", "文字要加英文引号", "text needs quotation marks"),
    "names = [10:00-13:30]": ('names = ["10:00-13:30"]', "names", "文字要加英文引号", "text needs quotation marks"),
    "lit = True": ("lit = true", "lit", "应为 true,小写", "must be true, in lower case"),
    "lit = 否": ("lit = false", "lit", "应为 false,小写", "must be false, in lower case"),
    "port = 8080号": ("port = 8080", "port", "不写单位:8080", "must be the number without a unit: 8080"),
    "since = 2026年3月1日": ("since = 2026-03-01", "since", "应写成 2026-03-01", "be written as 2026-03-01"),
    "since = 2026/3/1": ("since = 2026-03-01", "since", "应写成 2026-03-01", "be written as 2026-03-01"),
    '［lamp］\nname = "a"': ('[lamp]\nname = "a"', "lamp", "全角的 ［ 应为 [", "full-width ］ must be ]"),
    '【【lamps】】\nname = "a"': ('[[lamps]]\nname = "a"', "lamps[0]", "全角的 【【 应为 [[", "】】 must be ]]"),
    '[［lamps]]\nname = "a"': ('[[lamps]]\nname = "a"', "lamps[0]", "全角的 ［ 应为 [", "full-width ［ must be ["),
}  # fmt: skip


def refused(text: str, model: type[BaseModel] = House) -> list[Fault]:
    with pytest.raises(ConfigRefused) as caught:
        load_text(FILE, text, model)
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    return list(caught.value.faults)


def test_each_mistake_is_named_with_its_remedy_and_hides_no_other_fault() -> None:
    before = "# 说明 “不算错”，＝\nlimit = 1\n"
    for wrong, (right, key, zh, en) in MISTAKES.items():
        with pytest.raises(ParseError):
            tomlkit.parse(wrong)
        unknown, mistake = refused(f"{before}{wrong}\n")
        assert (unknown.line, unknown.key) == (2, "limit"), wrong
        assert (mistake.file, mistake.line, mistake.key) == ("house.toml", 3, key), wrong
        assert (zh in mistake.zh, en in mistake.reason) == (True, True), str(mistake)
        assert (bool(HAN.search(mistake.zh)), HAN.search(mistake.reason)) == (True, None), str(mistake)
        assert len(str(mistake)) < 250
        load_text(FILE, right, House)
        assert tomllib.loads(repair(wrong)[0]) == tomlkit.parse(right).unwrap(), wrong


def test_several_lines_are_reported_at_once_in_order() -> None:
    text = 'port ＝ 1\nnames = [\n  “东”，\n  "西",\n]\n［lamp］\nname = "a"\nwatts = "5"\n'
    assert [(each.line, each.key) for each in refused(text)] == [
        (1, "port"),
        (3, "names[0]"),
        (6, "lamp"),
        (8, "lamp.watts"),
    ]


REPETITIONS = {
    "port = 1\nlit = true\n'port' = 2\n": (3, "port", "第 1 行已经写过这个键", "line 1 has this key already"),
    '[lamp]\nname = "a"\nwatts = 1\nname = "b"\n': (4, "lamp.name", "第 2 行", "line 2 has this key already"),
    'titles = {zh = "a", zh = "b"}\n': (1, "titles.zh", "第 1 行", "remove one of the two"),
    '[lamp]\nname = "a"\n\n[lamp]\nname = "b"\n': (4, "lamp", "第 1 行已有 [lamp] 这一节", "line 1 has the"),
    '[lamps]\nname = "a"\n[lamps]\nname = "b"\n': (3, "lamps", "每段都要写成 [[lamps]]", "each begins with [[lamps]]"),
    '[lamps]\nname = "a"\n[[lamps]]\nname = "b"\n': (3, "lamps", "第 1 行已有 [lamps]", "each begins with [[lamps]]"),
    '[[lamps]]\nname = "a"\n[[lamps]]\nname = "b"\nname = "c"\n': (5, "lamps[1].name", "第 4 行", "line 4 has"),
    'port = 1\nport ＝ 2\nhost = a b c =\n': (2, "port", "第 1 行已经写过这个键", "line 1 has this key already"),
}  # fmt: skip


def test_each_repetition_names_the_line_of_the_first() -> None:
    for text, (line, key, zh, en) in REPETITIONS.items():
        with pytest.raises((ParseError, tomlkit.exceptions.TOMLKitError)):
            tomlkit.parse(text)
        fault = next(each for each in refused(text) if zh in each.zh)
        assert (fault.line, fault.key, en in fault.reason) == (line, key, True), str(fault)
        assert len(refused(text)) == 1 or "＝" in text, [str(each) for each in refused(text)]


def test_a_section_defined_in_parts_is_no_repetition() -> None:
    text = "[a.b]\nx = 1\n[a]\ny.p = 1\ny.q = 2\n[[c]]\n[c.d]\n[[c]]\n[c.d]\n“\n"
    (fault,) = refused(text)
    assert (fault.line, "closing quotation mark" in fault.reason) == (10, True)


@pytest.mark.parametrize("wide", ["＝", "“”", "，", "［］", "｛｝", "０１２３４５６７８９", "\u3000", "＃"])
def test_a_file_typed_with_a_chinese_keyboard_is_understood_completely(wide: str) -> None:
    """Every `=`, quotation mark and so on outside strings is another one; every line of them is reported."""
    original = (ROOT / "config/gateway.toml").read_text("utf-8")
    meant = {"“": '"', "”": '"', "\u3000": " "}
    pairs = {meant.get(char, chr(ord(char) % 0xFEE0)): char for char in wide if char != "”"}
    lines = [_typed(line, pairs) if wide == "＃" or not line.startswith("#") else line for line in original.split("\n")]
    repaired, mistakes = repair("\n".join(lines))
    assert tomllib.loads(repaired) == tomlkit.parse(original).unwrap()
    changed = [number for number, (a, b) in enumerate(zip(lines, original.split("\n"), strict=True), 1) if a != b]
    assert sorted({each.line for each in mistakes}) == changed
    assert len(changed) >= 4


def _typed(line: str, pairs: dict[str, str]) -> str:
    """Replace characters outside strings and comments; a string's own marks are replaced by a pair."""
    parts = re.split(r'("[^"\n]*"|#.*)', line)
    for number, part in enumerate(parts):
        if part.startswith('"') and '"' in pairs:
            parts[number] = f"“{part[1:-1]}”"
        elif part.startswith("#"):
            parts[number] = pairs.get("#", "#") + part[1:]
        elif not part.startswith('"'):
            parts[number] = "".join(pairs.get(char, char) for char in part)
    return "".join(parts)


def test_full_width_characters_within_a_value_are_named() -> None:
    class Page(Strict):
        since: date = date(2026, 1, 1)
        title: date = date(2026, 1, 1)

    (wide,) = refused('since = "２０２６－０１－０１"\n', Page)
    assert "含全角或看不见的字符,应如 2026-01-01" in wide.zh
    assert "such as 2026-01-01" in wide.reason
    (words,) = refused('title = "一月，某日"\n', Page)
    assert "全角" not in words.zh


def test_no_letter_of_a_secret_is_shown() -> None:
    for value in ("Zx7canary", "77canary", "９９８８７７", "“Zx7canary”", '"Zx7canary', "Zx7canary ＃ note"):
        (fault,) = (
            refused(f"door_password = {value}\n") if "９" not in value else refused(f"door_password = {value}\n")[:1]
        )
        assert not re.search("canary|77|７７", str(fault)), str(fault)


def test_values_are_not_written_into_a_file_with_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("[kiosk]\nport ＝ 8080\n", "utf-8")
    with pytest.raises(ConfigRefused, match=r"gateway.toml:2: kiosk\.port: 全角的 ＝ 应为 ="):
        write_settings(file, tmp_path, [(("kiosk", "rotation"), 90)])
    assert file.read_text("utf-8") == "[kiosk]\nport ＝ 8080\n"
