"""The parcels that a gateway sends, the receipts that the central server returns, and the outcomes of intents.

A parcel's identity is (gateway, id): the gateway comes from the credential that signed the request, never from
the body. It is accepted once, in any order, with no time limit; the same identity with other content is a conflict.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr
from pydantic import Field

from sync_contract.beacon_identity import BeaconId
from sync_contract.project import MAX_FEN, ProjectId, match_project_id
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Environment, Record
from sync_contract.uuid7 import Epoch, Id, match_epoch, match_id, match_repeated_id
from sync_contract.wire_record import Count, FieldInvalid, WireRecord

CONTRACT: Literal[1] = 1
MAX_PARCELS = 1000
MAX_BATCH_BYTES = 512 * 1024
"""Size of a batch before compression. MAX_PARCELS reports without any beacon fit."""

MAX_SHEET_CHARACTERS = 48 * 1024
"""Of the text of an acceptance sheet."""
MAX_SCREEN_COUNTS = 100
"""In one record; more of them are spread over several records."""

RSSI_HISTOGRAM_FROM, RSSI_HISTOGRAM_STEP, RSSI_HISTOGRAM_BINS = -105, 5, 16
"""dBm: bin 0 is below -100, bin 15 is -30 and above. Fixed, so that histograms of any gateway and hour add up."""
DWELL_HISTOGRAM_EDGES_S = (5, 15, 30, 60, 120, 300, 900)
"""Seconds: bin i holds visits shorter than edge i; the last bin all longer ones."""
GAP_HISTOGRAM_EDGES_MS = (200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
"""Milliseconds from one frame to the next: bin i holds those shorter than edge i; the last bin all longer ones."""
_GAP_BINS, _DWELL_BINS = len(GAP_HISTOGRAM_EDGES_MS) + 1, len(DWELL_HISTOGRAM_EDGES_S) + 1

_match_tag_class = re.compile(r"[a-z0-9-]{1,32}").fullmatch


class Door(StrEnum):
    """How a person came near. No figure mixes them."""

    touch = "touch"
    tag = "tag"
    phone = "phone"
    qr = "qr"
    nfc = "nfc"


class HandoffKind(StrEnum):
    link = "link"
    ticket = "ticket"


EARLIEST_WALL, LATEST_WALL = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The years of a reading: a board without a clock battery starts in 1970, and that is not an error."""
EARLIEST_TRUSTED = datetime(2020, 1, 1, tzinfo=UTC)
"""A clock that claims to be synchronised and is earlier is wrong."""


class ClockReading(WireRecord, frozen=True, kw_only=True):
    """Wall time, which may be wrong, together with what is needed to correct it."""

    wall: Annotated[datetime, Meta(tz=True, extra_json_schema={"pattern": "^(19[7-9]|20[0-9]|21[0-9])[0-9]-"})]
    """In UTC, whatever the zone on the wire; from `EARLIEST_WALL`, before `LATEST_WALL`."""
    boot: Id
    """The kernel's boot id, without hyphens."""
    monotonic_ns: Count
    trusted: bool
    """The system clock was synchronised when this was read, as the gateway states; see `reliable`."""

    def __post_init__(self) -> None:
        if self.wall.tzinfo is not UTC:
            force_setattr(self, "wall", _in_utc(self.wall))
        if not EARLIEST_WALL <= self.wall < LATEST_WALL:
            raise FieldInvalid("wall")
        if not match_repeated_id(self.boot):
            raise FieldInvalid("boot")

    @property
    def reliable(self) -> bool:
        """Return whether `wall` places other readings of its boot: `trusted`, and not before `EARLIEST_TRUSTED`."""
        return self.trusted and self.wall >= EARLIEST_TRUSTED


def _in_utc(wall: datetime) -> datetime:
    """Raises FieldInvalid for a time without a zone, and for one that is outside the years 1 to 9999 in UTC."""
    try:
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
    except OverflowError as error:
        raise FieldInvalid("wall") from error
    raise FieldInvalid("wall")


class IntentRegistered(WireRecord, frozen=True, kw_only=True, tag_field="kind", tag="intent"):
    """A resident registered a gift (登記); the parcel's id is the intent's id."""

    kind: ClassVar[Literal["intent"]] = "intent"
    environment: Environment
    project: ProjectId
    amount_minor: int
    currency: str
    beacon: BeaconId | None
    door: Door
    handoff: HandoffKind
    catalogue_version: Count

    def __post_init__(self) -> None:
        if not match_project_id(self.project):
            raise FieldInvalid("project")
        if not 1 <= self.amount_minor <= MAX_FEN:
            raise FieldInvalid("amount_minor")
        if self.currency != "CNY":
            raise FieldInvalid("currency")


class PlaceBeaconStatistics(WireRecord, frozen=True, kw_only=True):
    """What was received from one place beacon. An expected beacon without any frame is a fault.

    `rssi_*` cover the frames that had an RSSI; None when none had.
    """

    beacon: BeaconId
    frames: Count
    frames_without_rssi: Count
    frames_suspect: Count
    """Those of `frames` that were received while another transmitter seemed to use the beacon's identity."""
    expected_frames: Count
    """How many its advertising interval lets expect; 0 where the interval is not known."""
    heard_of_expected: Count
    """Those of `frames` that were received while the interval was known: loss = 1 - heard / expected."""
    longest_gap_ms: Count
    """The longest silence, including one that had not ended."""
    gap_histogram: Annotated[tuple[Count, ...], Meta(min_length=_GAP_BINS, max_length=_GAP_BINS)]
    """From one frame to the next, counted where the gap ended."""
    rssi_min: Dbm | None
    rssi_max: Dbm | None
    rssi_sum: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    """Mean = rssi_sum / (frames - frames_without_rssi): a sum can be merged, a mean cannot."""
    rssi_histogram: Annotated[tuple[Count, ...], Meta(min_length=RSSI_HISTOGRAM_BINS, max_length=RSSI_HISTOGRAM_BINS)]


class ClassStatistics(WireRecord, frozen=True, kw_only=True):
    """Visits of person tags of one class. No row describes a single tag. A visit counts when its tag comes near."""

    tag_class: str
    entries: Count
    """How often a tag came into range after a long absence, however far away it stayed."""
    visits: Count
    tags: Count
    """Different tags that were near since the official day began, as far as the gateway remembers: a lower bound. It
    merges to the greatest, so neither a restart nor a second gateway makes two people of one."""
    dwell_histogram: Annotated[tuple[Count, ...], Meta(min_length=_DWELL_BINS, max_length=_DWELL_BINS)]
    """Time near, by visits that ended."""

    def __post_init__(self) -> None:
        if not _match_tag_class(self.tag_class):
            raise FieldInvalid("tag_class")


class AdvertisedSeconds(WireRecord, frozen=True, kw_only=True):
    beacon: BeaconId
    seconds: Annotated[float, Meta(ge=0)]


Duration = Annotated[float, Meta(ge=0, le=3600)]
"""Seconds."""


class BeaconStatistics(WireRecord, frozen=True, kw_only=True, tag_field="kind", tag="statistics"):
    """Beacon statistics of one period of at most five minutes that begins at `start`."""

    kind: ClassVar[Literal["statistics"]] = "statistics"
    start: ClockReading
    seconds: Duration
    foreign_frames: Count
    """Frames of beacons that are not on the allow-list; nothing else is recorded of them."""
    places: Annotated[tuple[PlaceBeaconStatistics, ...], Meta(max_length=550)]
    """The 500 that a TOML file may hold, and our own."""
    classes: Annotated[tuple[ClassStatistics, ...], Meta(max_length=50)]
    advertised: Annotated[tuple[AdvertisedSeconds, ...], Meta(max_length=50)]


class ScreenCount(WireRecord, frozen=True, kw_only=True):
    """`door` and `beacon`: by which the screen had turned to `project`; touch and None where it had not."""

    project: ProjectId | None
    """None: it showed all of them, or none."""
    beacon: BeaconId | None
    """A place's, never a person's tag."""
    door: Door
    visits: Count
    """Visits by touch that began while it showed this: near by touch."""
    opened: Count
    """How often the project's pages were opened: once a visit. 0 without a project."""

    def __post_init__(self) -> None:
        if self.project is not None and not match_project_id(self.project):
            raise FieldInvalid("project")
        if self.door not in (Door.touch, Door.tag):
            raise FieldInvalid("door")


class ScreenStatistics(WireRecord, frozen=True, kw_only=True, tag_field="kind", tag="screen"):
    """How the screen was used in one period of about five minutes that begins at `start`.

    One without counts states that a gateway counts from now on.
    """

    kind: ClassVar[Literal["screen"]] = "screen"
    start: ClockReading
    seconds: Duration
    counts: Annotated[tuple[ScreenCount, ...], Meta(max_length=MAX_SCREEN_COUNTS)]


class SignedAcceptanceSheet(WireRecord, frozen=True, kw_only=True, tag_field="kind", tag="sheet"):
    """The acceptance sheet of a site; the parcel's id is the sheet's. See sync_contract.acceptance_sheet."""

    kind: ClassVar[Literal["sheet"]] = "sheet"
    sheet: Id
    text: Annotated[str, Meta(max_length=MAX_SHEET_CHARACTERS)]
    """The JSON of an AcceptanceSheet, exactly as signed."""
    key: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    """The id of the device's key at that time; it is replaced every few weeks."""
    signature: Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{86}==$")]

    def __post_init__(self) -> None:
        if not match_id(self.sheet):
            raise FieldInvalid("sheet")


class StaffCalled(WireRecord, frozen=True, kw_only=True, tag_field="kind", tag="bell"):
    """A resident rang for staff at the kiosk; the parcel's clock says when. Nothing about the person is known."""

    kind: ClassVar[Literal["bell"]] = "bell"
    environment: Environment


Body = IntentRegistered | BeaconStatistics | ScreenStatistics | SignedAcceptanceSheet | StaffCalled
KINDS = frozenset(("intent", "statistics", "screen", "sheet", "bell"))


class Parcel(WireRecord, frozen=True, kw_only=True):
    """One fact that originated on a gateway. Sequence = (epoch, n); n is counted from 1 without gaps."""

    id: Id
    epoch: Epoch
    n: int
    clock: ClockReading
    body: Body

    def __post_init__(self) -> None:
        if not match_id(self.id):
            raise FieldInvalid("id")
        if not match_epoch(self.epoch):
            raise FieldInvalid("epoch")
        if not 1 <= self.n < 2**53:
            raise FieldInvalid("n")


class Batch(WireRecord, frozen=True, kw_only=True):
    """The body of POST /api/v1/parcels. Each parcel is decoded by itself: a bad one does not affect the others."""

    contract: Literal[1]
    parcels: list[msgspec.Raw]


class Receipt(StrEnum):
    """What became of one parcel. Accepted and duplicate mean delivered."""

    accepted = "accepted"
    duplicate = "duplicate"
    conflict = "conflict"
    refused = "refused"


class ParcelReceipt(WireRecord, frozen=True, kw_only=True):
    id: Id
    receipt: Receipt
    reason: str = ""
    """A machine-readable word for conflict and refused, e.g. `invalid: body.amount_minor`."""


class ParcelReceipts(WireRecord, frozen=True, kw_only=True):
    """The answer to POST /api/v1/parcels, status 200, application/json."""

    contract: Literal[1] = CONTRACT
    receipts: Annotated[tuple[ParcelReceipt, ...], Meta(max_length=MAX_PARCELS)]


class IntentState(StrEnum):
    registered = "registered"
    handed_off = "handed_off"
    paid = "paid"
    unconfirmed = "unconfirmed"
    closed = "closed"


class Outcome(Record):
    """The state of one intent; `paid` is confirmed by the bank, never by a browser."""

    intent: Id
    state: IntentState
    slip: Annotated[str, Field(pattern=r"^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})?$")] = ""
    """The slip's number (憑條), Crockford base32, once paid."""
    code: Annotated[str, Field(pattern=r"^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})?$")] = ""
    """What a donor may type instead of scanning, once the parcel is stored. Only for intents queried as `uncoded`."""
    ended: bool = False
    """Handed off, and every attempt at the bank has ended unpaid, so the donor may try again. Only for intents queried
    as `tried`."""


class Outcomes(Record):
    """The answer to GET /api/v1/outcomes.

    Its query: `known=<intent>:<state>&…&uncoded=<intent>&…&tried=<intent>:<0|1>&…&wait=<seconds>`. It is sent as soon
    as a known intent has another state, an `uncoded` one has a code, or a `tried` one has ended (1) or not (0) in
    contrast to the query; otherwise empty after `wait`.
    """

    contract: Literal[1] = CONTRACT
    outcomes: tuple[Outcome, ...]
