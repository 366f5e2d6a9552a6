"""Decisions in words, Chinese and English side by side, for people on site and at their desks."""

from collections.abc import Iterable, Iterator, Mapping

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.trace import Decision, What
from sync_contract.beacon import BeaconId

ZONES = {"immediate": "紧挨 immediate", "near": "附近 near", "far": "较远 far", "unknown": "未知 unknown"}
WHATS = {
    What.arrived: "到达 arrived",
    What.zone: "换区 zone",
    What.left: "离开 left",
    What.shown: "换屏 screen",
}
ATTRACT = "首页 attract page"


def zone(word: str) -> str:
    return ZONES.get(word, word)


def screen(project: str) -> str:
    return project or ATTRACT


def tag(tag_class: str) -> str:
    """A person's tag has no other name, anywhere."""
    return f"随身卡 tag of class {tag_class}"


def sentences(decisions: Iterable[Decision], beacons: Iterable[Beacon], shown: str = "") -> Iterator[str]:
    """Each decision as a block of lines: time, numbers in, rule, numbers out, and the screen afterwards.

    `shown`: the project before the first of them.
    """
    labels = {beacon.id: beacon.label for beacon in beacons}
    for decision in decisions:
        if decision.what is What.shown:
            shown = decision.after
        lines = [f"{decision.at:10.3f} s  #{decision.number}  {WHATS[decision.what]}  {_what(decision, labels)}"]
        if found := numbers(decision):
            lines.append(f"{'':14}数据 in:  {found}")
        lines += [f"{'':14}依据 why: {decision.rule}", f"{'':14}屏幕 now: {screen(shown)}"]
        yield "\n".join(lines)


def _what(decision: Decision, labels: Mapping[BeaconId, str]) -> str:
    if decision.what is What.shown:
        return f"{screen(decision.before)} → {screen(decision.after)}"
    who = tag(decision.tag_class) if decision.beacon is None else labels.get(decision.beacon, str(decision.beacon))
    match decision.what:
        case What.arrived:
            return f"{who}: {zone(decision.after)}"
        case What.zone:
            return f"{who}: {zone(decision.before)} → {zone(decision.after)}"
    return f"{who}: {decision.dwell_s or 0:.1f} s"


def numbers(decision: Decision) -> str:
    """RSSI of the frame that decided, smoothed level and distance; empty when only time decided."""
    parts = []
    if decision.rssi is not None:
        parts.append(f"{decision.rssi} dBm")
    if decision.level_db is not None:
        parts.append(f"{decision.level_db:+.1f} dB @1 m")
    if decision.distance_m is not None:
        parts.append(f"≈ {decision.distance_m:.1f} m")
    return ", ".join(parts)
