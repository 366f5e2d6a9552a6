"""beacon-gateway outbox list|show|retry: the parcels that wait on this device or that the server refused."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from beacon_gateway.commands.delivery import request_delivery
from beacon_gateway.commands.parcel_wording import KINDS
from beacon_gateway.commands.store_reader import read_store
from beacon_gateway.model.parcels import StoredParcel
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import Outbox

FAILURE, USAGE = 1, 2
_SHORT = 8
"""Last digits of an id in a list, as in the sync log."""
_ID_END = re.compile(r"[0-9a-f]{4,32}")


def list_parcels(state_dir: Path, limit: int, as_json: bool) -> int:
    """Return the exit code: 0, 1 without a readable store, 75 if it refuses."""

    async def show_all(database: Database) -> None:
        outbox = Outbox(database)
        parcels, counts = await outbox.list_parcels(limit), await outbox.counts()
        if as_json:
            print(json.dumps([_to_json(each) for each in parcels], ensure_ascii=False, indent=1))
            return
        table = Table("编号 id", "种类 kind", "记录时间 recorded", "状态 state", box=None, pad_edge=False)
        for each in parcels:
            state = f"被拒收 refused: {each.reason}" if each.refused_at else "等待发送 waiting"
            table.add_row(each.id[-_SHORT:], KINDS.get(each.kind, each.kind), _recorded(each), state)
        Console().print(table if parcels else "没有等待或被拒收的记录 no parcel waits or was refused")
        if sum(counts.get(each, 0) for each in ("waiting", "refused")) > len(parcels):
            print(f"共 in all: 等待 waiting {counts['waiting']}, 被拒收 refused {counts['refused']}")

    return read_store(state_dir, show_all)


def show(state_dir: Path, end: str, as_json: bool) -> int:
    """Return the exit code: 0, 1 if there is no such parcel or several, 2 for an id that cannot be one."""
    if not _ID_END.fullmatch(end.lower().removeprefix("#")):
        return _refuse_id(end)

    async def show_one(database: Database) -> int:
        found = await _find(database, end)
        if found is None:
            return FAILURE
        if as_json:
            print(json.dumps(_to_json(found) | {"parcel": json.loads(found.text)}, ensure_ascii=False, indent=1))
            return 0
        print(f"编号 id: {found.id}\n种类 kind: {KINDS.get(found.kind, found.kind)}")
        if found.refused_at:
            print(f"被拒收 refused: {found.reason}  {_local(found.refused_at)}")
            print(f"再送一次 send it again: sudo beacon-gateway outbox retry {found.id[-_SHORT:]}")
        else:
            print("等待发送 waiting")
        print(json.dumps(json.loads(found.text), ensure_ascii=False, indent=1))
        return 0

    return read_store(state_dir, show_one)


def retry(state_dir: Path, url: str, ends: Sequence[str], everything: bool, as_json: bool) -> int:
    """Return the exit code of `sync push`; 1 if a parcel is not a refused one, 2 without parcels or `everything`."""
    if bool(ends) is everything:
        print("beacon-gateway outbox retry: 请写编号,或 --all name parcels, or use --all", file=sys.stderr)
        return USAGE
    if wrong := [each for each in ends if not _ID_END.fullmatch(each.lower().removeprefix("#"))]:
        return _refuse_id(wrong[0])
    ids: list[str] = []

    async def collect(database: Database) -> int:
        for end in ends:
            found = await _find(database, end)
            if found is None:
                return FAILURE
            if not found.refused_at:
                print(f"{end}: 还在等待发送,没有被拒收 it waits and was not refused", file=sys.stderr)
                return FAILURE
            ids.append(found.id)
        return 0

    if ends and (code := read_store(state_dir, collect)):
        return code
    return request_delivery(state_dir, url, ids, everything, as_json)


async def _find(database: Database, end: str) -> StoredParcel | None:
    found = await Outbox(database).find_parcels(end.lower().removeprefix("#"))
    if len(found) != 1:
        reason = "有几条,请多写几位 several match: give more digits" if found else "没有这一条 there is no such parcel"
        print(f"{end}: {reason}", file=sys.stderr)
        return None
    return found[0]


def _refuse_id(text: str) -> int:
    print(
        f"{text}: 不是编号,请用 outbox list 里的 4 到 32 位 not an id; use 4 to 32 digits of `outbox list`",
        file=sys.stderr,
    )
    return USAGE


def _to_json(parcel: StoredParcel) -> dict[str, Any]:
    return {
        "id": parcel.id,
        "kind": parcel.kind,
        "recorded_at": json.loads(parcel.text)["clock"]["wall"],
        "state": "refused" if parcel.refused_at else "waiting",
        "reason": parcel.reason,
        "refused_at": parcel.refused_at or None,
    }


def _recorded(parcel: StoredParcel) -> str:
    return _local(json.loads(parcel.text)["clock"]["wall"])


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
