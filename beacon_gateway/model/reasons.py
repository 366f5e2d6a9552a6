"""Reasons of decisions as facts: why a visit changed, why a project is shown, why the screen does not change.

Each reason is a frozen record; `kind` names it in JSON. The wording is in presence/explain/reason_wording.py, and for
the pages of staff on site in kiosk_ui/templates/site_reason.html. Units: seconds, metres, dB, dBm.
"""

from dataclasses import dataclass
from typing import Literal

from beacon_gateway.model.beacons import Zone
from sync_contract.project_rules import PickReason


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """A visit began; `level_db` is against the level at 1 m."""

    rssi: int
    distance_m: float
    level_db: float
    kind: Literal["first_frame"] = "first_frame"


@dataclass(frozen=True, slots=True)
class FirstFrameWithoutRssi:
    kind: Literal["first_frame_without_rssi"] = "first_frame_without_rssi"


@dataclass(frozen=True, slots=True)
class FirstRssi:
    """A visit without RSSI received its first frame with RSSI."""

    distance_m: float
    level_db: float
    kind: Literal["first_rssi"] = "first_rssi"


@dataclass(frozen=True, slots=True)
class NoRssi:
    """`missing_s`: seconds without RSSI after which the zone becomes unknown."""

    missing_s: float
    kind: Literal["no_rssi"] = "no_rssi"


@dataclass(frozen=True, slots=True)
class Crossing:
    """The evidence for one edge between two zones.

    `required_s` grows with `recent_crossings`: the crossings before this one, which are forgotten over some minutes.
    """

    edge_m: float
    evidence_s: float
    required_s: float
    recent_crossings: float


@dataclass(frozen=True, slots=True)
class EdgesCrossed:
    """One edge or two, the inner one first. `nearer`: the beacon is now within them, else beyond."""

    nearer: bool
    edges: tuple[Crossing, ...]
    kind: Literal["edges_crossed"] = "edges_crossed"


@dataclass(frozen=True, slots=True)
class Silence:
    """A visit ended: no frame for `silent_s` after `heard_s` seconds of frames."""

    silent_s: float
    heard_s: float
    kind: Literal["silence"] = "silence"


@dataclass(frozen=True, slots=True)
class NothingNear:
    kind: Literal["nothing_near"] = "nothing_near"


@dataclass(frozen=True, slots=True)
class OnlyOneNear:
    kind: Literal["only_one_near"] = "only_one_near"


@dataclass(frozen=True, slots=True)
class PersonFirst:
    """A person's tag takes precedence over a place beacon."""

    kind: Literal["person_first"] = "person_first"


@dataclass(frozen=True, slots=True)
class Nearest:
    """`of`: candidates; `ahead_db`: to the next one."""

    of: int
    ahead_db: float
    kind: Literal["nearest"] = "nearest"


@dataclass(frozen=True, slots=True)
class NearestByRssi:
    """None of the other candidates has an RSSI."""

    of: int
    kind: Literal["nearest_by_rssi"] = "nearest_by_rssi"


@dataclass(frozen=True, slots=True)
class EqualByPriority:
    """Of candidates about equally near, the one whose project has the highest priority."""

    of: int
    priority: int
    other: int
    kind: Literal["equal_by_priority"] = "equal_by_priority"


@dataclass(frozen=True, slots=True)
class EqualByNeed:
    of: int
    need: float
    other: float
    kind: Literal["equal_by_need"] = "equal_by_need"


@dataclass(frozen=True, slots=True)
class EqualByLevel:
    """Of candidates about equally near, the strongest one; then the one with the greatest identity."""

    of: int
    kind: Literal["equal_by_level"] = "equal_by_level"


@dataclass(frozen=True, slots=True)
class PreviousGone:
    """The previous beacon has not been near for `absent_s`; `required_s` is the rule."""

    absent_s: float
    required_s: float
    kind: Literal["previous_gone"] = "previous_gone"


@dataclass(frozen=True, slots=True)
class LeadByLevel:
    """Nearer than the shown beacon: louder by `ahead_db` now; `evidence_s` of clear evidence."""

    ahead_db: float
    evidence_s: float
    required_s: float
    kind: Literal["lead_by_level"] = "lead_by_level"


@dataclass(frozen=True, slots=True)
class LeadByRssi:
    """The shown beacon has no RSSI, and this one had it during `evidence_s`."""

    evidence_s: float
    required_s: float
    kind: Literal["lead_by_rssi"] = "lead_by_rssi"


@dataclass(frozen=True, slots=True)
class LeadByPriority:
    """About as near as the shown beacon during `evidence_s`, with a project of higher priority."""

    priority: int
    other: int
    evidence_s: float
    required_s: float
    kind: Literal["lead_by_priority"] = "lead_by_priority"


@dataclass(frozen=True, slots=True)
class ProjectChanged:
    """The same beacon now selects another project."""

    kind: Literal["project_changed"] = "project_changed"


ChoiceCause = (
    OnlyOneNear | PersonFirst | Nearest | NearestByRssi | EqualByPriority | EqualByNeed | EqualByLevel
    | PreviousGone | LeadByLevel | LeadByRssi | LeadByPriority | ProjectChanged
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BeaconChosen:
    """A beacon brought its project to the screen.

    `name`: a place beacon's label, or the class of a person's tag and never more. `distance_m` is smoothed, so it lags
    behind `zone`. `selection`: why this project of several; None when there was one.
    """

    person: bool
    name: str
    zone: Zone
    distance_m: float | None
    cause: ChoiceCause
    project: str
    selection: PickReason | None
    kind: Literal["beacon_chosen"] = "beacon_chosen"


@dataclass(frozen=True, slots=True)
class PersonTag:
    """A person's tag brought the project: all that files and other programs may contain about it."""

    kind: Literal["person_tag"] = "person_tag"


@dataclass(frozen=True, slots=True)
class TooManyFrames:
    """`frames` in `seconds`, where the advertising interval allows `limit`."""

    frames: int
    seconds: float
    limit: float
    kind: Literal["too_many_frames"] = "too_many_frames"


@dataclass(frozen=True, slots=True)
class ShortGaps:
    """`short` of `frames` came sooner than one transmitter sends again, whose interval is `interval_s`."""

    short: int
    frames: int
    interval_s: float
    kind: Literal["short_gaps"] = "short_gaps"


@dataclass(frozen=True, slots=True)
class ImpossibleMoves:
    """`moves` times in `frames`, RSSI changed by `least_db` or more within milliseconds: no body moves so fast."""

    moves: int
    frames: int
    least_db: float
    kind: Literal["impossible_moves"] = "impossible_moves"


@dataclass(frozen=True, slots=True)
class TwoLevels:
    """RSSI jumped between two levels, and another adapter divides the same frames likewise."""

    jumps: int
    frames: int
    low_dbm: float
    high_dbm: float
    kind: Literal["two_levels"] = "two_levels"


@dataclass(frozen=True, slots=True)
class OwnIdentityHeard:
    """Our own identity was received while this gateway does not send it, or where it cannot receive itself."""

    kind: Literal["own_identity_heard"] = "own_identity_heard"


CloneEvidence = TooManyFrames | ShortGaps | ImpossibleMoves | TwoLevels | OwnIdentityHeard


@dataclass(frozen=True, slots=True)
class DonationInProgress:
    kind: Literal["donation_in_progress"] = "donation_in_progress"


@dataclass(frozen=True, slots=True)
class CloneSuspected:
    """Another transmitter seems to use the identity of the shown beacon."""

    evidence: CloneEvidence
    kind: Literal["clone_suspected"] = "clone_suspected"


VisitReason = FirstFrame | FirstFrameWithoutRssi | FirstRssi | NoRssi | EdgesCrossed | Silence
ScreenReason = NothingNear | PreviousGone | BeaconChosen | PersonTag
ScreenLock = DonationInProgress | CloneSuspected
"""Why the screen does not change now, whatever is near."""
Reason = VisitReason | ScreenReason | ScreenLock
