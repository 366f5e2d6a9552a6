"""The acceptance sheet of a site: what the installer measured and saw, signed with the device's key.

The signature (Ed25519) covers `DOMAIN` and the UTF-8 text of the sheet, which is the JSON that `encode` of wire_record
writes. The text is stored and sent unchanged, so that a reader never has to write it again to check the signature.
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from sync_contract.beacon_identity import BeaconId
from sync_contract.keys import key_id
from sync_contract.records import ClockReading, SignedAcceptanceSheet
from sync_contract.rssi import Dbm
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import Id
from sync_contract.wire_record import Count, InvalidRecord, WireRecord, decode, encode

DOMAIN = b"beacon acceptance sheet v1\0"
MAX_PLACES, MAX_SPOTS, MAX_VERSIONS = 100, 20, 20
DIGEST_DIGITS = 16
"""Hexadecimal digits of the digest on paper and in the code: to compare a print with the stored sheet."""
_Text = Annotated[str, Meta(max_length=120)]
_Word = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
_Metres = Annotated[float, Meta(ge=0, le=100)]


class SheetRefused(ValueError):
    """The sheet is malformed, altered or signed with another key. The message is for the log."""


class AdvertProof(StrEnum):
    """Whether another receiver proved that one of our adverts is on the air."""

    proved = "proved"
    not_proved = "not_proved"
    """It is sent, and no other adapter received it."""
    off_air = "off_air"
    simulated = "simulated"


class SpotKind(StrEnum):
    reference = "reference"
    """1 m in front of the kiosk."""
    door = "door"
    far_wall = "far_wall"
    neighbour = "neighbour"


class Untested(StrEnum):
    """What was not tested, or not with success, when the sheet was made."""

    walk = "walk"
    """No calibration walk was accepted."""
    zones = "zones"
    """The zones were changed after the walk."""
    advert = "advert"
    """No other receiver proved an advert of this site."""
    reception = "reception"
    """No known transmitter proved that the radio receives."""
    screen = "screen"
    """Nobody saw the first page on the screen."""
    tag = "tag"
    """Nobody saw the screen turn as a tag came near."""
    phone = "phone"
    """Nobody opened a code of the screen on a phone."""
    server = "server"
    """The central server was not reached."""
    clock = "clock"
    """The clock was not synchronised."""
    real_gifts = "real_gifts"
    """The site is a drill: no money moved."""


class SheetSite(WireRecord, frozen=True, kw_only=True):
    """The community's name in three languages, and the hall's label on the central server, or empty."""

    zh_hans: _Text
    zh_hant: _Text
    en: _Text
    hall: _Text = ""


class SheetAdvert(WireRecord, frozen=True, kw_only=True):
    """A beacon identity that this site sends. `heard_by`: the adapter that received it, or empty."""

    beacon: BeaconId
    measured_power: Dbm
    interval_ms: Count
    proof: AdvertProof
    heard_by: Annotated[str, Meta(max_length=32)] = ""
    per_s: Annotated[float, Meta(ge=0, le=1000)] = 0.0


class SheetPlace(WireRecord, frozen=True, kw_only=True):
    """A fixed beacon on the site's list. People's tags are only counted."""

    beacon: BeaconId
    label: _Text


class SheetLevel(WireRecord, frozen=True, kw_only=True):
    """The level of the tag through one adapter."""

    adapter: Annotated[str, Meta(max_length=32)]
    dbm: Annotated[float, Meta(ge=-130, le=30)]
    frames: Count


class SheetSpot(WireRecord, frozen=True, kw_only=True):
    """A spot of the walk. `wrong_per_hour`: forecast of wrong changes of the screen while somebody stands there."""

    kind: SpotKind
    metres: _Metres
    name: _Text = ""
    levels: Annotated[tuple[SheetLevel, ...], Meta(max_length=16)]
    wrong_per_hour: Annotated[float, Meta(ge=0, le=100_000)]


class SheetZones(WireRecord, frozen=True, kw_only=True):
    immediate_m: _Metres
    near_m: _Metres
    path_loss_exponent: Annotated[float, Meta(ge=0, le=10)]


class SheetWalk(WireRecord, frozen=True, kw_only=True):
    """The accepted calibration walk. `at`: aware. `good`: the forecast is within the limits at every spot."""

    at: Annotated[datetime, Meta(tz=True)]
    good: bool
    zones: SheetZones
    spots: Annotated[tuple[SheetSpot, ...], Meta(max_length=MAX_SPOTS)]


class SheetVersion(WireRecord, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    version: Annotated[str, Meta(max_length=80)]


class AcceptanceSheet(WireRecord, frozen=True, kw_only=True):
    """`configuration`: SHA-256 of the settings in effect, 64 hexadecimal digits. `findings`: codes of the doctor.

    `person_tags`: how many people's tags the site knows.
    """

    format: Literal[1] = 1
    id: Id
    gateway: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    environment: Environment
    site: SheetSite
    made_at: ClockReading
    adverts: Annotated[tuple[SheetAdvert, ...], Meta(max_length=5)]
    places: Annotated[tuple[SheetPlace, ...], Meta(max_length=MAX_PLACES)]
    person_tags: Count
    zones: SheetZones
    walk: SheetWalk | None
    configuration: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    versions: Annotated[tuple[SheetVersion, ...], Meta(max_length=MAX_VERSIONS)]
    untested: Annotated[tuple[Untested, ...], Meta(max_length=len(Untested))]
    findings: Annotated[tuple[_Word, ...], Meta(max_length=100)]

    @property
    def version(self) -> str:
        """The gateway's own version."""
        return next((each.version for each in self.versions if each.name == "beacon-gateway"), "")


def sign_sheet(sheet: AcceptanceSheet, key: Ed25519PrivateKey) -> SignedAcceptanceSheet:
    text = encode(sheet)
    signature = b64encode(key.sign(DOMAIN + text)).decode()
    return SignedAcceptanceSheet(sheet=sheet.id, text=text.decode(), key=key_id(key.public_key()), signature=signature)


def read_sheet(signed: SignedAcceptanceSheet) -> AcceptanceSheet:
    """Return the content without checking the signature. Raises SheetRefused."""
    try:
        sheet = decode(AcceptanceSheet, signed.text)
    except InvalidRecord as error:
        raise SheetRefused(str(error)) from error
    if sheet.id != signed.sheet:
        raise SheetRefused("its number differs from that of its text")
    return sheet


def verify_sheet(signed: SignedAcceptanceSheet, public: Ed25519PublicKey) -> AcceptanceSheet:
    """Return the content after checking the signature. Raises SheetRefused."""
    if key_id(public) != signed.key:
        raise SheetRefused("signed by another key")
    try:
        public.verify(b64decode(signed.signature, validate=True), DOMAIN + signed.text.encode())
    except (InvalidSignature, Base64Error) as error:
        raise SheetRefused("the signature does not fit the content") from error
    return read_sheet(signed)


def digest_of(signed: SignedAcceptanceSheet) -> str:
    """Return the first `DIGEST_DIGITS` hexadecimal digits of the SHA-256 of the text."""
    return hashlib.sha256(signed.text.encode()).hexdigest()[:DIGEST_DIGITS]


def sheet_path(gateway: str, sheet: str, digest: str) -> str:
    """Return the path and query of the sheet's page on the central server, which the code on paper contains."""
    return f"/staff/gateways/{gateway}/sheets/{sheet}?print={digest}"
