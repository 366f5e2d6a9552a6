"""Decisions as plain values, for JSON."""

from collections.abc import Sequence

from beacon_gateway.model.visits import Crossing
from beacon_gateway.presence.trace import Decision


def plain(decision: Decision) -> dict[str, object]:
    """Numbers in, rule, and what came out. `at` is left to the caller, who knows what the seconds count from."""
    return {
        "number": decision.number,
        "what": decision.what.value,
        "beacon": None if decision.beacon is None else str(decision.beacon),
        "tag_class": decision.tag_class,
        "in": {
            "rssi": decision.rssi,
            "level_db": _rounded(decision.level_db),
            "distance_m": _rounded(decision.distance_m),
            "edges": edges(decision.crossed),
        },
        "rule": decision.rule,
        "out": {"before": decision.before, "after": decision.after, "dwell_s": _rounded(decision.dwell_s)},
    }


def edges(crossed: Sequence[Crossing]) -> list[dict[str, float]]:
    """Of the zones: metres, seconds of evidence reached and asked for, crossings lately."""
    return [{name: round(value, 3) for name, value in each._asdict().items()} for each in crossed]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
