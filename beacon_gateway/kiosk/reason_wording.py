"""Turn the facts of a reason into the clauses that site_reason.html words in each language."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import time

from beacon_gateway.model.reasons import BeaconChosen, CloneSuspected, EdgesCrossed, Reason
from kiosk_ui.site_views import Clause


def build_clauses(reason: Reason | None) -> tuple[Clause, ...]:
    """Return in order: the beacon and its zone, why it was chosen, why this project of several."""
    match reason:
        case None:
            return ()
        case EdgesCrossed():
            return tuple(
                Clause("nearer" if reason.nearer else "farther", _format(asdict(edge))) for edge in reason.edges
            )
        case CloneSuspected():
            return (Clause(reason.kind), Clause(reason.evidence.kind, _format(asdict(reason.evidence))))
        case BeaconChosen():
            distance = "" if reason.distance_m is None else f"{reason.distance_m:.1f}"
            facts = {"name": reason.name, "zone": reason.zone.value, "metres": distance}
            clauses = [Clause("person" if reason.person else "place", facts)]
            clauses.append(Clause(reason.cause.kind, _format(asdict(reason.cause))))
            if reason.selection is not None:
                clauses.append(Clause(reason.selection.kind, _format(asdict(reason.selection))))
            return tuple(clauses)
    return (Clause(reason.kind, _format(asdict(reason))),)


def _format(fields: Mapping[str, object]) -> dict[str, str]:
    """Return the facts as text: times as HH:MM, other numbers with at most one decimal."""
    return {name: _format_value(value) for name, value in fields.items() if name != "kind"}


def _format_value(value: object) -> str:
    match value:
        case float():
            return f"{value:.1f}".removesuffix(".0")
        case time():
            return f"{value:%H:%M}"
    return str(value)
