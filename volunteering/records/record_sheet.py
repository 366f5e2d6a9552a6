"""Write service records as a sheet; record_columns.toml defines its columns."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from central_server.sheets.sheet_writer import Cell
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from volunteering.store.activities import ListedShift
from volunteering.store.service_records import ServiceRecord

_FILE = Path(__file__).with_name("record_columns.toml")
_HOME = {
    Language.zh_hans: ("邻里互助", "邻居家中"),
    Language.zh_hant: ("鄰里互助", "鄰居家裡"),
    Language.en: ("Neighbours help neighbours", "At a neighbour's home"),
}
_GRADES = {
    "screen": {Language.zh_hans: "大厅屏幕签到", Language.zh_hant: "大廳螢幕簽到", Language.en: "screen in the hall"},
    "organiser": {Language.zh_hans: "组织者见证", Language.zh_hant: "組織者見證", Language.en: "organiser"},
    "paper": {Language.zh_hans: "签名名单", Language.zh_hant: "簽名名單", Language.en: "signed list"},
    "claim": {Language.zh_hans: "申报并经确认", Language.zh_hant: "申報並經確認", Language.en: "confirmed statement"},
}


@dataclass(frozen=True, slots=True)
class SheetContext:
    """What rows need besides the records. `names`: by person, without erased ones. `cards`: written numbers by person.

    `listed`: the shift by source.
    """

    names: Mapping[str, str]
    cards: Mapping[str, str]
    listed: Mapping[str, ListedShift]
    language: Language


@cache
def _columns() -> tuple[tuple[str, Texts], ...]:
    read = tomllib.loads(_FILE.read_text("utf-8"))["column"]
    return tuple((each["fact"], Texts.model_validate(each["heading"])) for each in read)


def sheet_rows(records: Sequence[ServiceRecord], context: SheetContext) -> list[list[Cell]]:
    """Return the heading and one row for each source that counts, with its corrections applied. Raises KeyError for a
    column with an unknown fact.
    """
    versions = defaultdict[str, list[ServiceRecord]](list)
    for record in records:
        versions[record.source].append(record)
    rows: list[list[Cell]] = [[heading[context.language] for _, heading in _columns()]]
    for each in sorted(versions.values(), key=lambda found: (found[0].served_on, found[0].id)):
        minutes = sum(row.minutes for row in each)
        if minutes or sum(row.people_served for row in each):
            facts = _facts(each, minutes, context)
            rows.append([facts[fact] for fact, _ in _columns()])
    return rows


def _facts(versions: Sequence[ServiceRecord], minutes: int, context: SheetContext) -> Mapping[str, Cell]:
    first, last, reader = versions[0], versions[-1], context.language
    listed = context.listed.get(first.source)
    help_title, home = _HOME[reader]
    served = sum(row.people_served for row in versions)
    return {
        "name": context.names.get(first.person, ""),
        "card": context.cards.get(first.person, ""),
        "activity": help_title if listed is None else listed.activity.title[reader],
        "date": last.starts.astimezone(OFFICIAL_TIME).date(),
        "from": f"{last.starts.astimezone(OFFICIAL_TIME):%H:%M}",
        "until": f"{last.ends.astimezone(OFFICIAL_TIME):%H:%M}",
        "place": home if listed is None else listed.activity.meeting[reader],
        "recipients": served or None,
        "hours": (Decimal(minutes) / 60).quantize(Decimal("0.01")),
        "evidence": _GRADES[last.evidence][reader],
        "confirmed_by": first.confirmed_by,
        "organiser": "" if listed is None else listed.activity.made_by,
        "recorder": last.made_by,
    }
