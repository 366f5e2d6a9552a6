"""beacon-gateway sync log|status: print the state of the delivery for staff on site, with or without a network."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from beacon_gateway.commands.daemon_client import NotRunning, fetch_json, find_address
from beacon_gateway.commands.effective_settings import describe_unreadable
from beacon_gateway.commands.enrol_wording import BARRED
from beacon_gateway.commands.parcel_wording import KINDS, REASONS
from beacon_gateway.commands.radio_wording import radio_sentences
from beacon_gateway.commands.store_reader import read_store
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.model.sync_state import Repair
from beacon_gateway.radio.status_json import read_advert_status, read_radio_status
from beacon_gateway.store.database import Database
from beacon_gateway.store.good_settings import LAST_GOOD
from beacon_gateway.store.identity import enrolment_of
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import read_barred
from beacon_gateway.store.sync_log import Line, last_lines
from beacon_gateway.store.sync_state import last_repair
from daemonkit.toml import ConfigRefused

EVENTS = {
    "accepted": "已送达 delivered",
    "duplicate": "已送达(服务器早已收到) delivered (the server had it already)",
    "conflict": "冲突:同一编号内容不同,请联系管理员 conflict: same id, different content; call the administrator",
    "refused": "被拒收,已保留 refused by the server, stored here",
    "unreachable": "连不上中心服务器,会自动重试 server unreachable, retrying automatically",
    "reachable": "已重新连上中心服务器 server reachable again",
    "barred": "中心服务器不接受这台网关;记录都留在本机 the server does not accept this gateway; its records stay here",
    "welcome": "中心服务器重新接受这台网关 the server accepts this gateway again",
}
STATES = {
    "waiting": "等待发送 waiting",
    "refused": "被拒收 refused",
    "damaged": "已损坏,找不回 damaged, not recovered",
}


def status(state_dir: Path, url: str = "") -> int:
    """Return the exit code. `url`: of the running gateway; if empty, that of the settings of its last start."""
    known = enrolment_of(state_dir)
    if describe_unreadable(state_dir):
        pass  # read_store prints it
    elif known:
        print(f"登记为 enrolled as: {known.label} / {known.community} / {known.central}")
    else:
        print("没有用登记码登记过 not enrolled with a code")
    ended = read_store(state_dir, _print_status)
    if ended == 0:
        _print_radio(state_dir, url)
    return ended


def _print_radio(state_dir: Path, url: str) -> None:
    try:
        health = fetch_json(url or find_address(state_dir / LAST_GOOD, state_dir), "/healthz")
    except ConfigRefused:
        print(f"无线接收 radio: 不知道 unknown ({LAST_GOOD}?)")
    except NotRunning as error:
        print(f"无线接收 radio: 不知道 unknown ({error})")
    else:
        for fault in health.get("settings_refused") or ():
            print_folded(
                f"设置文件有错,仍按以前的设置运行 the settings file has faults, the previous ones are in use: {fault}"
            )
        radio, advert = read_radio_status(health.get("radio") or {}), read_advert_status(health.get("advert") or {})
        for line in radio_sentences(radio, advert):
            print_folded(line)
        words = (health.get("hall") or {}).get("words")
        if isinstance(words, dict):
            print_folded(f"大厅 hall: {words.get('zh', '')}\n  {words.get('en', '')}")


def log(state_dir: Path, lines: int) -> int:
    return read_store(state_dir, lambda database: _print_log(database, lines))


async def _print_status(database: Database) -> None:
    counts = await Outbox(database).counts()
    table = Table("记录 parcels", "数量 count", box=None, pad_edge=False)
    for state, label in STATES.items():
        table.add_row(label, str(counts.get(state, 0)))
    Console().print(table)
    lines = await last_lines(database, 10_000)
    delivered = [line for line in lines if line.event in {"accepted", "duplicate"}]
    print("最近一次送达 last delivery:", _local(delivered[-1].at) if delivered else "从未 never")
    reachability = [line.event for line in lines if line.event in {"unreachable", "reachable"}]
    if reachability and reachability[-1] == "unreachable":
        print(EVENTS["unreachable"])
    if repair := await last_repair(database):
        print(_word_repair(repair))
    if word := await read_barred(database):
        print(EVENTS["barred"])
        for sentence in BARRED.get(word, ()):
            print(f"  {sentence}")


def _word_repair(repair: Repair) -> str:
    """Explain the last repair, and what staff do about records that are missing."""
    at = repair.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if not repair.missing:
        return (
            f"本机记录 {at} 损坏过,已修复,没有发现缺号;请尽快更换存储卡 "
            "the records on this card were damaged and repaired; no number is missing; replace the card soon"
        )
    return (
        f"本机记录 {at} 损坏过,已修复,但缺 {repair.missing} 条,其中可能有捐款登记;"
        f"请把那几天的捐款和银行文件核对,并更换存储卡 the records on this card were damaged; "
        f"{repair.missing} are missing and may include registered gifts; compare those days' gifts with the bank's "
        "file, and replace the card"
    )


async def _print_log(database: Database, count: int) -> None:
    lines = await last_lines(database, count)
    if not lines:
        print("还没有记录 nothing yet")
    for line in lines:
        print(_word_line(line))


def _word_line(line: Line) -> str:
    parts = [_local(line.at), KINDS.get(line.kind, line.kind), EVENTS.get(line.event, line.event)]
    if line.parcel:
        parts.append(f"#{line.parcel[-8:]}")
    if line.detail:
        parts.append(f"({REASONS.get(line.detail, line.detail)})")
    return "  ".join(part for part in parts if part)


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
