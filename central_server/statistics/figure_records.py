"""Figures as programs get them. null stands for what was not counted (then, or in this view): it is not nought."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from central_server.statistics.comparison import OneOf
from central_server.statistics.periods import Period
from central_server.statistics.report import Report
from central_server.store.statistics.figure_comparison import By
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S, GAP_HISTOGRAM_EDGES_MS, RSSI_HISTOGRAM_FROM
from sync_contract.records import RSSI_HISTOGRAM_STEP as _STEP
from sync_contract.strict_model import Record

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class FiguresSlot(Record):
    """An hour or a day that begins at `start`. Money in fen; `heard`: the share of it in which gateways listened."""

    start: AwareDatetime
    whole: bool
    """It is over: its figures change only when something comes late."""
    heard: Share | None
    frames: Count | None
    lost: Share | None
    near_tag: Count | None
    near_phone: Count | None
    near_phone_visitors: Count | None
    """Different ones, estimated to about 2 %; they cannot be told apart beyond midnight."""
    page_phone: Count | None
    page_phone_visitors: Count | None
    page_qr: Count | None
    page_qr_visitors: Count | None
    near_nfc: Count | None = None
    """NFC tags touched; each touch opens the page."""
    near_nfc_visitors: Count | None = None
    near_touch: Count | None = None
    """Visits by touch: somebody began to use a screen. null before the first report that counts them."""
    page_touch: Count | None = None
    """Pages of projects opened on the screen, once a visit; as `near_touch`."""
    page_tag: Count | None = None
    """As `page_touch`, where the screen had turned to the project for a person's tag."""
    registered: Count
    registered_fen: Count | None
    """Money is null for readers who see to none there: a sum over few gifts would tell each of them."""
    handed: Count
    handed_fen: Count | None
    paid: Count
    paid_fen: Count | None
    reconciled: Count | None = None
    spent_fen: int | None = None
    """Below nought where a correction took more back than was spent; null in the view of a gateway or a beacon."""


class FiguresBeacon(Record):
    beacon: str
    gateway: str
    frames: Count
    lost: Share | None
    longest_gap_s: Count
    rssi_mean: int | None
    suspect: bool
    silent: bool
    advertised_s: Count


class Figures(Record):
    """`first` and `last`: days of official time. Bins of histograms are counted from the least on."""

    first: date
    last: date
    slots: tuple[FiguresSlot, ...]
    funnel: dict[str, dict[str, Count | None]]
    """By step and door; the door "" holds gifts of which only the ticket is known."""
    dwell: tuple[Count, ...] | None
    dwell_edges_s: tuple[int, ...] = DWELL_HISTOGRAM_EDGES_S
    rssi: tuple[Count, ...] | None
    rssi_from_dbm: int = RSSI_HISTOGRAM_FROM
    rssi_step_db: int = _STEP
    gaps: tuple[Count, ...] | None
    gap_edges_ms: tuple[int, ...] = GAP_HISTOGRAM_EDGES_MS
    beacons: tuple[FiguresBeacon, ...]
    """At most 500; first those that were heard least."""


class FiguresOfOne(Record):
    """`key`: a beacon as uuid/major/minor, or an id; "" for what happened at none of them. Fields as in the slots;
    null where it was not counted, or not in this view."""

    key: str
    near_tag: Count | None
    dwell: tuple[Count, ...] | None
    near_phone: Count | None
    near_phone_visitors: Count | None
    page_phone: Count | None
    page_phone_visitors: Count | None
    page_qr: Count | None
    page_qr_visitors: Count | None
    near_nfc: Count | None
    near_nfc_visitors: Count | None
    near_touch: Count | None
    page_touch: Count | None
    page_tag: Count | None
    registered: Count
    registered_fen: Count | None
    handed: Count
    paid: Count
    paid_fen: Count | None
    reconciled: Count
    spent: Count
    """Gifts, if what came first is spent first."""


class FiguresBeside(Record):
    """Beacons, projects, gateways or communities side by side. `first` and `last`: days of official time."""

    first: date
    last: date
    by: By
    rows: tuple[FiguresOfOne, ...]
    dwell_edges_s: tuple[int, ...] = DWELL_HISTOGRAM_EDGES_S


def told_beside(of: Period, by: By, found: Sequence[OneOf]) -> FiguresBeside:
    return FiguresBeside(
        first=of.first,
        last=of.last,
        by=by,
        rows=tuple(
            FiguresOfOne(
                key=one.key,
                near_tag=one.tags,
                dwell=one.stays,
                near_phone=one.shakes,
                near_phone_visitors=one.visitors,
                page_phone=one.clicks,
                page_phone_visitors=one.readers,
                page_qr=one.posters,
                page_qr_visitors=one.poster_readers,
                near_nfc=one.tags_touched,
                near_nfc_visitors=one.tag_readers,
                near_touch=one.touches,
                page_touch=one.touch_pages,
                page_tag=one.tag_pages,
                registered=one.registered,
                registered_fen=one.registered_fen,
                handed=one.handed,
                paid=one.paid,
                paid_fen=one.paid_fen,
                reconciled=one.reconciled,
                spent=one.spent,
            )
            for one in found
        ),
    )


def told(report: Report) -> Figures:
    """Slots that have not begun are left out."""
    return Figures(
        first=report.period.first,
        last=report.period.last,
        slots=tuple(
            FiguresSlot(
                start=slot.start,
                whole=slot.whole,
                heard=None if slot.heard is None else round(slot.heard, 4),
                frames=slot.frames,
                lost=None if slot.lost is None else round(slot.lost, 4),
                near_tag=slot.tags,
                near_phone=slot.shakes,
                near_phone_visitors=slot.shake_visitors,
                page_phone=slot.clicks,
                page_phone_visitors=slot.click_visitors,
                page_qr=slot.posters,
                page_qr_visitors=slot.poster_visitors,
                near_nfc=slot.tags_touched,
                near_nfc_visitors=slot.tag_touchers,
                near_touch=slot.touches,
                page_touch=slot.touch_pages,
                page_tag=slot.tag_pages,
                registered=slot.registered,
                registered_fen=slot.registered_fen,
                handed=slot.handed,
                handed_fen=slot.handed_fen,
                paid=slot.paid,
                paid_fen=slot.paid_fen,
                reconciled=slot.reconciled,
                spent_fen=slot.spent_fen,
            )
            for slot in report.slots
            if not slot.ahead
        ),
        funnel={step: dict(doors) for step, doors in report.funnel.items()},
        dwell=report.dwell,
        rssi=report.rssi,
        gaps=report.gaps,
        beacons=tuple(
            FiguresBeacon(
                beacon=row.beacon,
                gateway=row.gateway,
                frames=row.frames,
                lost=None if row.lost is None else round(row.lost, 4),
                longest_gap_s=row.longest_gap_s,
                rssi_mean=row.rssi_mean,
                suspect=row.suspect,
                silent=row.silent,
                advertised_s=row.advertised_s,
            )
            for row in report.beacons
        ),
    )
