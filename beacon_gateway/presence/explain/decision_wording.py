"""Word decisions in Chinese and English, for terminals and files."""

from collections.abc import Iterable, Iterator, Mapping

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.explain.reason_wording import word_in_both
from beacon_gateway.presence.trace import Decision, DecisionKind
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

ZONES = {"immediate": "紧挨 immediate", "near": "附近 near", "far": "较远 far", "unknown": "未知 unknown"}
KINDS = {
    DecisionKind.arrived: "到达 arrived",
    DecisionKind.zone: "换区 zone",
    DecisionKind.left: "离开 left",
    DecisionKind.shown: "换屏 screen",
}
OWN = "本站广播 own advert"
ATTRACT = "首页 attract page"
SMOOTHED = "平滑值(滞后) smoothed (lags):"
INDENT = 14


def name_zone(zone: str) -> str:
    return ZONES.get(zone, zone)


def name_screen(project: str) -> str:
    return project or ATTRACT


def name_place(label: str) -> str:
    """Return a place beacon's label; the label of our own advert is translated."""
    return OWN if label == "own advert" else label


def name_beacon(beacon: Beacon) -> str:
    """Return a name that may be stored: a person's tag by its class only."""
    return name_tag(beacon.tag_class or "unnamed") if beacon.kind is BeaconKind.person else name_place(beacon.label)


def name_tag(tag_class: str) -> str:
    return f"随身卡 tag of class {tag_class}"


def word_decisions(decisions: Iterable[Decision], beacons: Iterable[Beacon], shown: str = "") -> Iterator[str]:
    """Yield each decision as a block of lines: time, inputs, reason (Chinese, then English), and the screen after it.

    `shown`: the project before the first decision.
    """
    labels = {beacon.id: name_place(beacon.label) for beacon in beacons}
    for decision in decisions:
        if decision.kind is DecisionKind.shown:
            shown = decision.after
        lines = [f"{decision.at:10.3f} s  #{decision.number}  {_word_change(decision, labels)}"]
        if found := word_inputs(decision):
            lines.append(f"{'':{INDENT}}数据 in:  {found}")
        chinese, english = word_in_both(decision.reason)
        lines += [f"{'':{INDENT}}依据 why: {chinese}", f"{'':{INDENT + 10}}{english}"]
        lines.append(f"{'':{INDENT}}屏幕 now: {name_screen(shown)}")
        yield "\n".join(lines)


def _word_change(decision: Decision, labels: Mapping[BeaconId, str]) -> str:
    kind = KINDS[decision.kind]
    who = name_tag(decision.tag_class) if decision.beacon is None else labels.get(decision.beacon, str(decision.beacon))
    match decision.kind:
        case DecisionKind.shown if decision.before == decision.after:  # another beacon, and so another door
            return f"屏幕不变 screen stays  {name_screen(decision.after)}: 换了信标 by another beacon"
        case DecisionKind.shown:
            return f"{kind}  {name_screen(decision.before)} → {name_screen(decision.after)}"
        case DecisionKind.arrived:
            return f"{kind}  {who}: {name_zone(decision.after)}"
        case DecisionKind.zone:
            return f"{kind}  {who}: {name_zone(decision.before)} → {name_zone(decision.after)}"
    return f"{kind}  {who}: {decision.in_range_s or 0:.1f} s"


def word_inputs(decision: Decision) -> str:
    """Return RSSI of the frame, smoothed level and distance, which lag; empty when only time decided."""
    parts = []
    if decision.rssi is not None:
        parts.append(f"{decision.rssi} dBm")
    if decision.level_db is not None:
        distance = "" if decision.distance_m is None else f" ≈ {decision.distance_m:.1f} m"
        parts.append(f"{SMOOTHED} {decision.level_db:+.1f} dB @1 m{distance}")
    return "; ".join(parts)
