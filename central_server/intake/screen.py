"""Parcels of kind `screen`. They are kept as parcels; what is wrong in itself is not."""

from central_server.statistics.plausibility import plausible_touches
from sync_contract.records import ScreenStatistics


def refusal(body: ScreenStatistics) -> str:
    """Why such a parcel cannot be taken, as a machine-readable word; empty when it can."""
    if not plausible_touches(body):
        return "implausible"
    turned = [(count.project, count.beacon, count.door) for count in body.counts]
    if len(set(turned)) != len(turned):  # twice the same would count twice
        return "contradicts_itself: screen twice"
    if any(count.project is None and count.opened for count in body.counts):
        return "contradicts_itself: opened"
    return ""
