"""Build the table and the lines of `scan`. Every heading has its unit; the width fits 80 columns."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from beacon_gateway.commands.radio_wording import scanner_sentences
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.estimator import SMOOTHING_S
from beacon_gateway.presence.explain.decision_wording import ZONES, name_beacon, name_place, name_screen
from beacon_gateway.presence.explain.live_table import Listening, Row
from beacon_gateway.presence.explain.reason_wording import word_in_both
from beacon_gateway.radio.ports import Scanner
from beacon_gateway.radio.radio_factory import Radios
from sync_contract.catalogue import BeaconKind

KINDS = {BeaconKind.place: "固定", BeaconKind.person: "随身"}
MAX_STRANGERS = 10
STRANGERS = (
    "陌生 iBeacon,只列在这里,不保存:把新信标贴近天线,最上面那行就是它,抄进 [[beacons]]。\n"
    "Unknown iBeacons, listed here only and not stored. To find a new tag, hold it at the antenna: it is the top line. "
    "Copy it into [[beacons]]."
)
LAGS = f"* {SMOOTHING_S:g} 秒平滑,比区慢 smoothed over {SMOOTHING_S:g} s: it lags behind the zone"
WHY = "换屏时 why then:"
NOT_SENT = "不发 not sent"
HEARD_OWN = (
    "收到本站广播:正在运行的网关以此证明接收 own advert received: the running gateway uses it to prove reception"
)
NOT_SENT_NOTE = "scan 自己不发广播,收不到不是故障 scan sends no advert, so this is no fault"


def build_table(listening: Listening, chosen: Chosen, radios: Radios, now: float, elapsed_s: float) -> RenderableType:
    scanner = radios.scanner
    rows = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold underline")
    rows.add_column("信标\nbeacon", overflow="ellipsis", no_wrap=True, min_width=10)
    rows.add_column("类\nkind", no_wrap=True, min_width=4)
    for heading, width in (("信号\ndBm", 4), ("距离\nm *", 4), ("距今\ns ago", 5), ("帧/秒\n/s", 5)):
        rows.add_column(heading, justify="right", no_wrap=True, min_width=width)
    rows.add_column("区\nzone", no_wrap=True, min_width=14)
    rows.add_column("项目\nproject", no_wrap=True, overflow="ellipsis", min_width=16)
    batteries = [_battery(row, radios, now) for row in listening.rows(now)]
    if any(batteries):
        rows.add_column("电池\nbattery", justify="right", no_wrap=True, min_width=6)
    for row, battery in zip(listening.rows(now), batteries, strict=True):
        style = "dim" if row.zone is None else "bold" if row.zone in ("immediate", "near") else ""
        cells = [name_place(row.beacon.label), *_cells(row)]
        if row.zone is None and row.beacon.own:
            cells[-2] = NOT_SENT
        rows.add_row(*cells, *([battery] if any(batteries) else []), style=style)
    return Group(
        *(_indented(line) for line in _head(scanner, elapsed_s)),
        rows,
        *(Text(_power(row), style="yellow") for row in listening.rows(now) if row.power_differs),
        *(Text(HEARD_OWN) for row in listening.rows(now) if row.beacon.own and row.zone is not None),
        Text(LAGS, style="dim"),
        Text.assemble("屏幕 screen:     ", (name_screen(chosen.project or ""), "bold")),
        _why(chosen),
        Text(_others(listening, scanner), style="dim"),
        *(_strangers(listening)),
        Text("Ctrl-C 结束 ends", style="dim"),
    )


def word_rows(listening: Listening, chosen: Chosen, radios: Radios, now: float, elapsed_s: float) -> str:
    """Return the same as lines; a person's tag is named by its class only, because lines may be stored."""
    scanner = radios.scanner
    lines = [line.plain for line in _head(scanner, elapsed_s)]
    for row in listening.rows(now):
        name = name_beacon(row.beacon)
        if row.zone is None and row.beacon.own:
            lines.append(f"  {name}: {NOT_SENT_NOTE}")
            continue
        if row.zone is None:
            ago = f", {row.age_s:.1f} s 前 ago" if row.age_s is not None else ""
            lines.append(f"  {name}: 收不到 not received{ago}")
            continue
        _, rssi, distance, age, per_s, zone, project = _cells(row)
        lines.append(
            f"  {name}: {rssi} dBm, {zone}, 平滑距离 smoothed {distance} m, {age} s 前 ago, {per_s}/s,"
            f" 项目 project {project or '–'}, 1 米处 at 1 m: 自报 announced {_dbm(row.announced_dbm)},"
            f" 设置 set {_dbm(row.set_dbm)} dBm"
            + (f", 电池 battery {battery}" if (battery := _battery(row, radios, now)) else "")
        )
    lines += [f"  {_power(row)}" for row in listening.rows(now) if row.power_differs]
    lines += [f"  {HEARD_OWN}" for row in listening.rows(now) if row.beacon.own and row.zone is not None]
    lines.append(f"  屏幕 screen: {name_screen(chosen.project or '')}")
    chinese, english = word_in_both(chosen.reason)
    lines += [f"  {WHY} {chinese}", f"{'':{3 + cell_len(WHY)}}{english}"]
    lines.append(f"  {_others(listening, scanner)}")
    lines += [f"  {text.plain}" for text in _strangers(listening)]
    return "\n".join(lines)


def _power(row: Row) -> str:
    """Warn of a power at 1 m that is not the one of the settings."""
    return (
        f"{name_beacon(row.beacon)}: 自报 1 米处 announces {_dbm(row.announced_dbm)} dBm, 设置是 the settings have "
        f"{_dbm(row.set_dbm)} dBm: 距离可能不准,请校准 distances may be wrong, please calibrate"
    )


def _dbm(level: int | None) -> str:
    return "–" if level is None else str(level)


def _cells(row: Row) -> tuple[str, str, str, str, str, str, str]:
    """Return kind, RSSI, distance, age, frames per second, zone and project."""
    return (
        KINDS[row.beacon.kind],
        "–" if row.rssi is None else str(row.rssi),
        "–" if row.distance_m is None else f"{row.distance_m:.1f}",
        "–" if row.age_s is None else f"{row.age_s:.1f}",
        f"{row.per_s:.1f}" if row.per_s else "–",
        "收不到 –" if row.zone is None else ZONES[row.zone.value],
        row.project,
    )


def _battery(row: Row, radios: Radios, now: float) -> str:
    """Return the battery that the tag reports, with a mark if low; empty if it reports none."""
    level = radios.batteries.read(row.beacon.id, now) if radios.batteries else None
    if level is None or (level.battery_percent is None and level.battery_mv is None):
        return ""
    text = f"{level.battery_mv} mV" if level.battery_percent is None else f"{level.battery_percent} %"
    return f"{text} 低 low" if level.battery_low else text


def _why(chosen: Chosen) -> RenderableType:
    """Return the reason at the last change of the screen; zone and distance may have changed since."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for number, line in enumerate(word_in_both(chosen.reason)):
        grid.add_row("" if number else WHY, line)
    return grid


def _head(scanner: Scanner, elapsed_s: float) -> Iterator[Text]:
    """Yield the same lines about the radio as `sync status`."""
    first, *rest = scanner_sentences(scanner.read_status())
    yield Text.assemble((first, "bold yellow" if scanner.name == "simulated" else "bold"), f"  {elapsed_s:.0f} s")
    yield from (Text(line) for line in rest)


def _indented(line: Text) -> RenderableType:
    """Return the line with a hanging indent."""
    text = line.plain.lstrip(" ")
    left = len(line.plain) - len(text)
    return Padding(Text(text), (0, 0, 0, left)) if left else line


def _others(listening: Listening, scanner: Scanner) -> str:
    text = f"其他 others: iBeacon {listening.foreign_frames} 帧 frames"
    if adverts := scanner.read_status().foreign:
        text += f", 非 iBeacon 广播 other adverts {adverts}"
    return f"{text} (只计数 counted only)"


def _strangers(listening: Listening) -> Iterator[Text]:
    strangers = listening.strangers
    if not strangers:
        return
    yield Text(STRANGERS)
    for one in strangers[:MAX_STRANGERS]:
        rssi = "  – " if one.rssi is None else f"{one.rssi:4d}"
        id_ = one.beacon
        yield Text(f'{rssi} dBm  uuid = "{id_.uuid}"  major = {id_.major}  minor = {id_.minor}  ({one.frames})')
    if len(strangers) > MAX_STRANGERS:
        yield Text(f"     … 还有 and {len(strangers) - MAX_STRANGERS} more")
