"""Decisions in words, Chinese and English side by side, for people on site and at their desks."""

from collections.abc import Iterable, Iterator, Mapping

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.explain.chinese import chinese
from beacon_gateway.presence.trace import Decision, What
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

ZONES = {"immediate": "紧挨 immediate", "near": "附近 near", "far": "较远 far", "unknown": "未知 unknown"}
WHATS = {
    What.arrived: "到达 arrived",
    What.zone: "换区 zone",
    What.left: "离开 left",
    What.shown: "换屏 screen",
}
OWN = "本站广播 own advert"
ATTRACT = "首页 attract page"
SMOOTHED = "平滑值(滞后) smoothed (lags):"
INDENT = 14


def zone(word: str) -> str:
    return ZONES.get(word, word)


def screen(project: str) -> str:
    return project or ATTRACT


def named(label: str) -> str:
    """A beacon's label; our own advert's has no Chinese in it."""
    return OWN if label == "own advert" else label


def called(beacon: Beacon) -> str:
    """In what may be kept: a person's tag by its class only."""
    return tag(beacon.tag_class or "unnamed") if beacon.kind is BeaconKind.person else named(beacon.label)


def tag(tag_class: str) -> str:
    """A person's tag has no other name, anywhere."""
    return f"随身卡 tag of class {tag_class}"


def sentences(decisions: Iterable[Decision], beacons: Iterable[Beacon], shown: str = "") -> Iterator[str]:
    """Each decision as a block of lines: time, numbers in, rule (Chinese, then English), and the screen afterwards.

    `shown`: the project before the first of them.
    """
    labels = {beacon.id: named(beacon.label) for beacon in beacons}
    for decision in decisions:
        if decision.what is What.shown:
            shown = decision.after
        lines = [f"{decision.at:10.3f} s  #{decision.number}  {_what(decision, labels)}"]
        if found := numbers(decision):
            lines.append(f"{'':{INDENT}}数据 in:  {found}")
        heading = "依据 why: "
        for line in reasons(decision.rule):
            lines.append(f"{'':{INDENT}}{heading}{line}")
            heading = " " * 10
        lines.append(f"{'':{INDENT}}屏幕 now: {screen(shown)}")
        yield "\n".join(lines)


def reasons(rule: str) -> tuple[str, ...]:
    """`rule` in Chinese where it has words for it, then in English."""
    said = chinese(rule)
    return (said, rule) if said else (rule,)


def _what(decision: Decision, labels: Mapping[BeaconId, str]) -> str:
    if decision.what is What.shown:
        if decision.before == decision.after:  # it hangs on another beacon now, and so on another door
            return f"屏幕不变 screen stays  {screen(decision.after)}: 换了信标 by another beacon"
        return f"{WHATS[decision.what]}  {screen(decision.before)} → {screen(decision.after)}"
    return f"{WHATS[decision.what]}  {_visit(decision, labels)}"


def _visit(decision: Decision, labels: Mapping[BeaconId, str]) -> str:
    who = tag(decision.tag_class) if decision.beacon is None else labels.get(decision.beacon, str(decision.beacon))
    match decision.what:
        case What.arrived:
            return f"{who}: {zone(decision.after)}"
        case What.zone:
            return f"{who}: {zone(decision.before)} → {zone(decision.after)}"
    return f"{who}: {decision.dwell_s or 0:.1f} s"


def numbers(decision: Decision) -> str:
    """RSSI of the frame that decided, smoothed level and distance, which lag; empty when only time decided."""
    parts = []
    if decision.rssi is not None:
        parts.append(f"{decision.rssi} dBm")
    if decision.level_db is not None:
        distance = "" if decision.distance_m is None else f" ≈ {decision.distance_m:.1f} m"
        parts.append(f"{SMOOTHED} {decision.level_db:+.1f} dB @1 m{distance}")
    return "; ".join(parts)
