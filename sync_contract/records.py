"""The parcels that a gateway sends, and the receipts that the central server gives for each.

A parcel's identity is (gateway, id): the gateway comes from the credential that signed the request, never from
the body. It is accepted once, in any order, for ever; the same identity with other content is a conflict.
"""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Fen, ProjectId
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Environment, Record
from sync_contract.uuid7 import Epoch, Id

CONTRACT: Literal[1] = 1
MAX_PARCELS = 1000
MAX_BATCH_OCTETS = 512 * 1024
"""Of a batch before compression. Room for MAX_PARCELS quiet reports."""

MAX_SCREEN_COUNTS = 100
"""In one record; of more there are several records."""

RSSI_HISTOGRAM_FROM, RSSI_HISTOGRAM_STEP, RSSI_HISTOGRAM_BINS = -105, 5, 16
"""dBm: bin 0 is below -100, bin 15 is -30 and above. Fixed, so that histograms of any gateway and hour add up."""
DWELL_HISTOGRAM_EDGES_S = (5, 15, 30, 60, 120, 300, 900)
"""Seconds: bin i holds visits shorter than edge i; the last bin all longer ones."""

GAP_HISTOGRAM_EDGES_MS = (200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
"""Milliseconds from one frame to the next: bin i holds those shorter than edge i; the last bin all longer ones."""

Count = Annotated[int, Field(ge=0, lt=2**53)]


class Door(StrEnum):
    """How somebody came near. No figure mixes them."""

    touch = "touch"
    tag = "tag"
    phone = "phone"
    qr = "qr"
    nfc = "nfc"


class HandoffKind(StrEnum):
    link = "link"
    ticket = "ticket"


class ClockReading(Record):
    """The clock may lie: wall time together with what is needed to repair it."""

    wall: AwareDatetime
    boot: Id
    """The kernel's boot id, without hyphens."""
    monotonic_ns: Count
    trusted: bool
    """The system clock was synchronised when this was read."""


class IntentRegistered(Record):
    """A resident registered a gift (登記); the parcel's id is the intent's id."""

    kind: Literal["intent"] = "intent"
    environment: Environment
    project: ProjectId
    amount_minor: Fen
    currency: Annotated[str, Field(pattern=r"^CNY$")]
    beacon: BeaconId | None
    door: Door
    handoff: HandoffKind
    catalogue_version: Count


class PlaceBeaconStatistics(Record):
    """What was heard of one place beacon. An expected one that was silent stands here with no frames: a fault.

    `rssi_*` cover the frames that had an RSSI; None when none had.
    """

    beacon: BeaconId
    frames: Count
    frames_without_rssi: Count
    frames_suspect: Count
    """Of `frames`, those heard while another transmitter seemed to use the beacon's identity."""
    expected_frames: Count
    """How many its advertising interval lets expect; 0 where the interval is not known."""
    heard_of_expected: Count
    """Of `frames`, those heard while the interval was known: loss = 1 - heard_of_expected / expected_frames."""
    longest_gap_ms: Count
    """The longest silence, also the one that had not ended yet."""
    gap_histogram: Annotated[
        tuple[Count, ...],
        Field(min_length=len(GAP_HISTOGRAM_EDGES_MS) + 1, max_length=len(GAP_HISTOGRAM_EDGES_MS) + 1),
    ]
    """From one frame to the next, counted where the gap ended."""
    rssi_min: Dbm | None
    rssi_max: Dbm | None
    rssi_sum: Annotated[int, Field(le=2**53, ge=-(2**53))]
    """Mean = rssi_sum / (frames - frames_without_rssi): a sum can be merged, a mean cannot."""
    rssi_histogram: Annotated[tuple[Count, ...], Field(min_length=RSSI_HISTOGRAM_BINS, max_length=RSSI_HISTOGRAM_BINS)]


class ClassStatistics(Record):
    """Visits of person tags, by class only: no row ever tells of one tag."""

    tag_class: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    arrivals: Count
    dwell_histogram: Annotated[
        tuple[Count, ...],
        Field(min_length=len(DWELL_HISTOGRAM_EDGES_S) + 1, max_length=len(DWELL_HISTOGRAM_EDGES_S) + 1),
    ]


class AdvertisedSeconds(Record):
    beacon: BeaconId
    seconds: Annotated[float, Field(ge=0)]


class BeaconStatistics(Record):
    """Beacon statistics of one stretch of at most five minutes, beginning at `start`."""

    kind: Literal["statistics"] = "statistics"
    start: ClockReading
    seconds: Annotated[float, Field(ge=0, le=3600)]
    foreign_frames: Count
    """Frames of beacons that are not on the allow-list; nothing else is kept of them."""
    places: Annotated[tuple[PlaceBeaconStatistics, ...], Field(max_length=550)]
    """The 500 that a TOML may hold, and our own."""
    classes: Annotated[tuple[ClassStatistics, ...], Field(max_length=50)]
    advertised: Annotated[tuple[AdvertisedSeconds, ...], Field(max_length=50)]


class ScreenCount(Record):
    """`door` and `beacon`: by which the screen had turned to `project`; touch and None where it had not."""

    project: ProjectId | None
    """None: it showed all of them, or none."""
    beacon: BeaconId | None
    """A place's, never a person's tag."""
    door: Literal[Door.touch, Door.tag]
    visits: Count
    """Visits by touch that began while it showed this: near by touch."""
    opened: Count
    """How often the project's pages were opened: once a visit. 0 without a project."""


class ScreenStatistics(Record):
    """How the screen was used in one stretch of about five minutes, beginning at `start`.

    One without counts says that a gateway counts from here on.
    """

    kind: Literal["screen"] = "screen"
    start: ClockReading
    seconds: Annotated[float, Field(ge=0, le=3600)]
    counts: Annotated[tuple[ScreenCount, ...], Field(max_length=MAX_SCREEN_COUNTS)]


Body = Annotated[IntentRegistered | BeaconStatistics | ScreenStatistics, Field(discriminator="kind")]
KINDS = frozenset(("intent", "statistics", "screen"))
UNKNOWN_KIND = "unknown_kind"
"""Why a parcel of any other is refused."""


class Parcel(Record):
    """One fact born on a gateway. Sequence = (epoch, n), n counted from 1 without gaps."""

    id: Id
    epoch: Epoch
    n: Annotated[int, Field(ge=1, lt=2**53)]
    clock: ClockReading
    body: Body

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) over the canonical JSON: sorted keys, no spaces, UTF-8."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(record: Record) -> bytes:
    """The octets that are hashed and signed: JSON with sorted keys, no spaces, UTF-8."""
    return canonical_json(record.model_dump(mode="json", by_alias=True))


def canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


class Receipt(StrEnum):
    """What became of one parcel. Accepted and duplicate mean delivered."""

    accepted = "accepted"
    duplicate = "duplicate"
    conflict = "conflict"
    refused = "refused"


class ParcelReceipt(Record):
    id: Id
    receipt: Receipt
    reason: Annotated[str, Field(max_length=300)] = ""
    """A machine-readable word for conflict and refused (UNKNOWN_KIND, `invalid: body.amount_minor …`)."""


class ParcelReceipts(Record):
    """The answer to POST /api/v1/parcels, status 200, application/json."""

    contract: Literal[1] = CONTRACT
    receipts: Annotated[tuple[ParcelReceipt, ...], Field(max_length=MAX_PARCELS)]


class IntentState(StrEnum):
    registered = "registered"
    handed_off = "handed_off"
    paid = "paid"
    unconfirmed = "unconfirmed"
    closed = "closed"


class Outcome(Record):
    """What the central server knows of one intent; `paid` is the bank's word, never a browser's."""

    intent: Id
    state: IntentState
    slip: Annotated[str, Field(pattern=r"^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})?$")] = ""
    """The slip's number (憑條), Crockford base32, once paid."""
    code: Annotated[str, Field(pattern=r"^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})?$")] = ""
    """What a donor may type instead of scanning, once the parcel is there. Only for a request with `uncoded`."""
    ended: bool = False
    """Handed off, and every attempt at the bank has ended unpaid: the donor may try again. Only for a request with
    `tried`."""


class Outcomes(Record):
    """The answer to GET /api/v1/outcomes, whose query is
    `known=<intent>:<state>&…&uncoded=<intent>&…&tried=<intent>:<0|1>&…&wait=<seconds>`.

    Answered as soon as one of the named intents is in another state than the one named, or one that is `uncoded` too
    has a code, or one that is `tried` too has ended (1) or not (0) against what is named; else empty after `wait`.
    """

    contract: Literal[1] = CONTRACT
    outcomes: tuple[Outcome, ...]
