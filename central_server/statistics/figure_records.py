"""Define the records of figures that the report, the API and the pages share."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from central_server.store.statistics.figure_filter import By
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S, GAP_HISTOGRAM_EDGES_MS, RSSI_HISTOGRAM_FROM
from sync_contract.records import RSSI_HISTOGRAM_STEP as _STEP
from sync_contract.strict_model import Record

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class FigureCounts(Record):
    """Counts of a slot, or of one beacon, project, gateway or community.

    null: not counted then, or not in this view; it is not zero. Doors are never added up. `…_visitors`: different
    phones of each day, estimated to about 2 %; several days are added up. Money is in fen, and null for readers
    without the right to it.
    """

    near_tag: Count | None
    """Visits: a tag came near."""
    range_tag: Count | None
    """How often a tag came into range, near or not."""
    near_phone: Count | None
    near_phone_visitors: Count | None
    page_phone: Count | None
    page_phone_visitors: Count | None
    page_qr: Count | None
    page_qr_visitors: Count | None
    near_nfc: Count | None
    """NFC tags touched; each touch opens the page."""
    near_nfc_visitors: Count | None
    near_touch: Count | None
    """Visits by touch. null before the first report that counts them, as are the next two."""
    page_touch: Count | None
    """Pages of projects opened on the screen, once a visit."""
    page_tag: Count | None
    """As `page_touch`, where the screen had turned to the project for a person's tag."""
    registered: Count
    registered_fen: Count | None
    handed: Count
    handed_fen: Count | None
    paid: Count
    paid_fen: Count | None
    reconciled: Count


COUNTS = tuple(FigureCounts.model_fields)
SCREEN_COUNTS = ("near_touch", "page_touch", "page_tag")


class FigureSlot(FigureCounts):
    """An hour or a day that begins at `start`. `heard`: the share of it in which gateways listened."""

    start: AwareDatetime
    ahead: bool = Field(exclude=True)
    """It has not begun."""
    complete: bool
    """It is over: its figures change only when something arrives late."""
    heard: Share | None
    frames: Count | None
    lost: Share | None
    tags: Count | None
    """Different tags near since midnight, at least: the most of one class at one gateway. It does not add up."""
    spent_fen: int | None
    """Negative where a correction took back more than was spent; null in the view of a gateway or a beacon."""


class BeaconFigures(Record):
    """A beacon over the period. `lost`: null where its interval is unknown; `silent`: expected, and never heard."""

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
    """`first` and `last`: days of official time. Bins of histograms begin with the smallest values."""

    first: date
    last: date
    slots: tuple[FigureSlot, ...]
    funnel: dict[str, dict[str, Count | None]]
    """By step and door; the door "" holds gifts of which only the ticket is known."""
    dwell: tuple[Count, ...] | None
    dwell_edges_s: tuple[int, ...] = DWELL_HISTOGRAM_EDGES_S
    rssi: tuple[Count, ...] | None
    rssi_from_dbm: int = RSSI_HISTOGRAM_FROM
    rssi_step_db: int = _STEP
    gaps: tuple[Count, ...] | None
    gap_edges_ms: tuple[int, ...] = GAP_HISTOGRAM_EDGES_MS
    beacons: tuple[BeaconFigures, ...]
    """At most 500; those heard least come first."""


class FigureRow(FigureCounts):
    """`key`: a beacon as uuid/major/minor, or an id; "" for what happened at none of them."""

    key: str
    dwell: tuple[Count, ...] | None
    spent: Count
    """Gifts that are spent, if the oldest are spent first."""

    @property
    def empty(self) -> bool:
        return not any(getattr(self, name) for name in COUNTS)


class FigureComparison(Record):
    """Beacons, projects, gateways or communities compared. `first` and `last`: days of official time."""

    first: date
    last: date
    by: By
    rows: tuple[FigureRow, ...]
    dwell_edges_s: tuple[int, ...] = DWELL_HISTOGRAM_EDGES_S
