"""Decides which decoded parcels are refused: those of the other environment, and those that contradict themselves."""

from typing import assert_never

from central_server.statistics.plausibility import plausible, plausible_touches
from sync_contract.acceptance_sheet import SheetRefused, read_sheet
from sync_contract.records import (
    BeaconStatistics,
    Body,
    IntentRegistered,
    PlaceBeaconStatistics,
    ScreenStatistics,
    SignedAcceptanceSheet,
    StaffCalled,
)
from sync_contract.strict_model import Environment


def find_refusal(body: Body, environment: Environment) -> str:
    """Return why the parcel is refused, as a machine-readable reason; empty when it is not."""
    match body:
        case IntentRegistered() | StaffCalled():
            return "" if body.environment is environment else "other_environment"
        case BeaconStatistics():
            return _of_statistics(body)
        case ScreenStatistics():
            return _of_screen(body)
        case SignedAcceptanceSheet():
            return _of_sheet(body, environment)
        case _:
            assert_never(body)


def _of_statistics(body: BeaconStatistics) -> str:
    if not plausible(body):
        return "implausible"
    for place in body.places:
        if not _adds_up(place):
            return f"contradicts_itself: {place.beacon}"
    for name, keys in (
        ("place", [place.beacon for place in body.places]),
        ("class", [entry.tag_class for entry in body.classes]),
        ("advert", [entry.beacon for entry in body.advertised]),
    ):
        if len(keys) > 1 and len(set(keys)) != len(keys):  # it would be counted twice
            return f"contradicts_itself: {name} twice"
    return ""


def _of_screen(body: ScreenStatistics) -> str:
    if not plausible_touches(body):
        return "implausible"
    keys = [(count.project, count.beacon, count.door) for count in body.counts]
    if len(set(keys)) != len(keys):
        return "contradicts_itself: screen twice"
    if any(count.project is None and count.opened for count in body.counts):
        return "contradicts_itself: opened"
    return ""


def _of_sheet(body: SignedAcceptanceSheet, environment: Environment) -> str:
    """Its signature is checked where the gateway's keys are known."""
    try:
        sheet = read_sheet(body)
    except SheetRefused:
        return "invalid: body.text"
    return "" if sheet.environment is environment else "other_environment"


def _adds_up(place: PlaceBeaconStatistics) -> bool:
    """Return whether the counts agree. Each frame but a beacon's first ends a gap; a loss needs an expectation."""
    frames, heard = place.frames, place.heard_of_expected
    measured = frames - place.frames_without_rssi
    return (
        sum(place.rssi_histogram) == measured
        and frames - 1 <= sum(place.gap_histogram) <= frames
        and place.frames_suspect <= frames
        and heard <= frames
        and (heard == 0 or place.expected_frames > 0)
        and _rssi_adds_up(measured, place.rssi_min, place.rssi_max, place.rssi_sum)
    )


def _rssi_adds_up(measured: int, least: int | None, greatest: int | None, total: int) -> bool:
    if measured == 0:
        return least is None and greatest is None and total == 0
    return least is not None and greatest is not None and least * measured <= total <= greatest * measured
