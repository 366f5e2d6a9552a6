"""beacon-gateway privacy report: which data are on this device, how many, whose, and until when."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.commands.store_reader import STORE, read_store
from beacon_gateway.commands.stored_data import ELSEWHERE, FILES, TABLES, DataNote, Nature
from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables
from daemonkit.toml import ConfigRefused
from sync_contract.catalogue import BeaconKind

FAILURE = 1
NATURES = {
    Nature.none: "不涉及个人 nothing personal",
    Nature.gift: "单笔捐款,不连到人 single gifts, linked to no person",
    Nature.staff: "工作人员写的 written by staff",
    Nature.device_key: "本机密钥 key of the device",
}


_NOTHING = (
    "居民的姓名、银行卡、手机、无线地址都不在本机 no name, card, phone or radio address of a resident is on this device"
)


@dataclass(frozen=True, slots=True)
class StoredData:
    """`rows`: of a table, or values; None where nothing is counted. `oldest`: ISO 8601. `note`: None if unknown."""

    place: str
    name: str
    note: DataNote | None
    rows: int | None = None
    oldest: str = ""


def report(config: Path, state_dir: Path, as_json: bool) -> int:
    """Return the exit code: 0, 1 if data are found that this version cannot describe, 75 if the store refuses."""
    found: list[StoredData] = []

    async def read_tables(database: Database) -> None:
        found.extend(await database.read(lambda tables: list(_describe_tables(tables))))

    if code := read_store(state_dir, read_tables):
        return code
    found += _describe_files(state_dir)
    found += _describe_elsewhere(config, state_dir)
    print(json.dumps([_to_json(each) for each in found], ensure_ascii=False, indent=1) if as_json else _word(found))
    unknown = [each.name for each in found if each.note is None]
    if unknown:
        print(
            f"beacon-gateway: 本版本不认得 this version does not know: {', '.join(unknown)}",
            file=sys.stderr,
        )
    return FAILURE if unknown else 0


def _describe_tables(tables: Tables) -> Iterator[StoredData]:
    """Describe each table of the store file itself, so that none is forgotten."""
    names = tables.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for name in sorted(bytes(each).decode() for (each,) in names.fetchall()):
        note, quoted = TABLES.get(name), '"' + name.replace('"', '""') + '"'
        oldest = f"min({note.dated})" if note and note.dated else "NULL"
        ((rows, first),) = tables.execute(f"SELECT count(*), {oldest} FROM {quoted}")  # noqa: S608 - a table of the file
        yield StoredData("store", name, note, rows, bytes(first or b"").decode())


def _describe_files(state_dir: Path) -> Iterator[StoredData]:
    for file in sorted(each.name for each in state_dir.iterdir()):
        note = next((note for pattern, note in FILES.items() if fnmatchcase(file, pattern)), None)
        yield StoredData("state_dir", file, note)


def _describe_elsewhere(config: Path, state_dir: Path) -> Iterator[StoredData]:
    for name, note in ELSEWHERE.items():
        if name.endswith(".toml"):
            yield StoredData("elsewhere", str(config), note, _count_personal_settings(config, state_dir))
        else:
            yield StoredData("elsewhere", name, note)


def _count_personal_settings(config: Path, state_dir: Path) -> int | None:
    try:
        settings = load_settings(config, state_dir)
    except ConfigRefused:
        return None
    site = settings.site
    contact = sum(1 for each in (site.contact_phone, site.contact_name) if each)
    return contact + sum(1 for each in settings.beacons if each.kind is BeaconKind.person)


def _to_json(data: StoredData) -> dict[str, Any]:
    note = data.note
    facts: dict[str, Any] = {"place": data.place, "name": data.name, "rows": data.rows, "oldest": data.oldest or None}
    if note is None:
        return facts | {"described": False}
    content, until = {"zh": note.zh, "en": note.en}, {"zh": note.until_zh, "en": note.until_en}
    return facts | {"described": True, "nature": note.nature.value, "content": content, "until": until}


def _word(found: list[StoredData]) -> str:
    places = {"store": f"存储 store ({STORE})", "state_dir": "文件 files", "elsewhere": "别处 elsewhere"}
    lines = []
    for place, title in places.items():
        lines.append(title)
        for each in (each for each in found if each.place == place):
            count = "" if each.rows is None else f": {each.rows}"
            since = f", 最早 oldest {each.oldest[:10]}" if each.oldest else ""
            lines.append(f"  {each.name}{count}{since}")
            if each.note is None:
                lines.append("    没有说明 not described")
                continue
            note = each.note
            lines.append(f"    {note.zh} {note.en}")
            lines.append(f"    {NATURES[note.nature]}; 保留到 until: {note.until_zh} {note.until_en}")
    lines.append(_NOTHING)
    return "\n".join(lines)
