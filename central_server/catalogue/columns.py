"""Define the columns of imported and exported files and their heads in each language."""

from collections.abc import Mapping
from decimal import Decimal

from central_server.catalogue import records
from central_server.sheets.column_heads import Heads
from central_server.sheets.sheet_writer import Cell

_HEADS = Heads(
    {
        "place": ("地点", "地點", "place"),
        "id": ("编号", "編號", "id"),
        "title_zh_hans": ("标题(简体)", "標題(簡體)", "title (Simplified Chinese)"),
        "title_zh_hant": ("标题(繁体)", "標題(繁體)", "title (Traditional Chinese)"),
        "title_en": ("标题(英文)", "標題(英文)", "title (English)"),
        "summary_zh_hans": ("一句话介绍(简体)", "一句話介紹(簡體)", "summary (Simplified Chinese)"),
        "summary_zh_hant": ("一句话介绍(繁体)", "一句話介紹(繁體)", "summary (Traditional Chinese)"),
        "summary_en": ("一句话介绍(英文)", "一句話介紹(英文)", "summary (English)"),
        "story_zh_hans": ("详细介绍(简体)", "詳細介紹(簡體)", "story (Simplified Chinese)"),
        "story_zh_hant": ("详细介绍(繁体)", "詳細介紹(繁體)", "story (Traditional Chinese)"),
        "story_en": ("详细介绍(英文)", "詳細介紹(英文)", "story (English)"),
        "payee_zh_hans": ("收款单位(简体)", "收款單位(簡體)", "payee (Simplified Chinese)"),
        "payee_zh_hant": ("收款单位(繁体)", "收款單位(繁體)", "payee (Traditional Chinese)"),
        "payee_en": ("收款单位(英文)", "收款單位(英文)", "payee (English)"),
        "amounts_yuan": ("金额按钮(元)", "金額按鈕(元)", "amounts (yuan)"),
        "pays_for_zh_hans": ("金额用途举例(简体)", "金額用途舉例(簡體)", "what amounts pay for (Simplified Chinese)"),
        "pays_for_zh_hant": ("金额用途举例(繁体)", "金額用途舉例(繁體)", "what amounts pay for (Traditional Chinese)"),
        "pays_for_en": ("金额用途举例(英文)", "金額用途舉例(英文)", "what amounts pay for (English)"),
        "min_yuan": ("最少(元)", "最少(元)", "least (yuan)"),
        "max_yuan": ("最多(元)", "最多(元)", "most (yuan)"),
        "goal_yuan": ("目标(元)", "目標(元)", "goal (yuan)"),
        "organisation": ("募捐机构编号", "募捐機構編號", "organisation"),
        "filing": ("备案编号", "備案編號", "filing"),
        "area": ("备案地域", "備案地域", "area"),
        "opens": ("首日", "首日", "first day"),
        "closes": ("末日", "末日", "last day"),
        "position": ("顺序", "順序", "position"),
        "withdrawn": ("已撤下", "已撤下", "withdrawn"),
        "drawing": ("配图", "配圖", "drawing"),
        "uuid": ("UUID", "UUID", "uuid"),
        "major": ("Major", "Major", "major"),
        "minor": ("Minor", "Minor", "minor"),
        "kind": ("种类", "種類", "kind"),
        "label": ("位置说明", "位置說明", "label"),
        "measured_power": ("1 米处功率(dBm)", "1 公尺處功率(dBm)", "measured power (dBm)"),
        "tag_class": ("标签类别", "標籤類別", "tag class"),
        "gateway": ("发射的网关", "發射的閘道器", "gateway"),
        "groups": ("分组", "分組", "groups"),
        "comment": ("备注", "備註", "comment"),
        "target": ("对象", "對象", "target"),
        "group": ("组名", "組名", "group"),
        "project": ("项目编号", "項目編號", "project"),
        "priority": ("优先级", "優先順序", "priority"),
        "hours": ("时段", "時段", "hours"),
        "weekdays": ("星期", "星期", "weekdays"),
        "since": ("开始日期", "開始日期", "since"),
        "until": ("结束日期", "結束日期", "until"),
        "zone": ("远近", "遠近", "zone"),
        "while_needed": ("达标即止", "達標即止", "while needed"),
    }
)
head = _HEADS.head
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "beacons": records.BEACON,
    "projects": records.PROJECT,
    "bindings": records.BINDING,
}
"""By kind of file."""
_NUMBERS = frozenset(("major", "minor", "measured_power", "position", "priority"))
_MONEY = frozenset(("min_yuan", "max_yuan", "goal_yuan"))


def name_of(text: str, kind: str) -> str | None:
    """Return the column of a head, or None if this kind of file has no such column."""
    found = _HEADS.name_of(text)
    return found if found in COLUMNS[kind] else None


def cell(name: str, text: str) -> Cell:
    """Convert the text of a form field to a value that a spreadsheet can compute with."""
    if not text:
        return None
    return int(text) if name in _NUMBERS else Decimal(text) if name in _MONEY else text
