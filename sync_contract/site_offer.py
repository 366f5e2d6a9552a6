"""What the central server offers an enrolled gateway for its settings: names, environment and beacons to advertise.

The offer is signed with the catalogue's key and names the gateway, so that nobody on the way can change it or offer
another gateway's beacon.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field

from sync_contract.beacon_identity import U16, BeaconId, BeaconUuid
from sync_contract.enrolment import SignatureText
from sync_contract.project import ProjectId, Texts
from sync_contract.records import CONTRACT
from sync_contract.strict_model import Environment, Record, canonical
from sync_contract.uuid7 import GatewayId

MAX_OFFERED = 8
"""Beacons in one offer: as many as fit a screen."""
_DOMAIN = b"beacon site offer v1\0"


class OfferRefused(ValueError):
    """The offer is not from the pinned server or is for another gateway."""


class OfferedBeacon(Record):
    """`title`: of the project shown near it; None without a project."""

    uuid: BeaconUuid
    major: U16
    minor: U16
    label: Annotated[str, Field(max_length=120)]
    project: ProjectId | None = None
    title: Texts | None = None

    @property
    def id(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)


class SiteOffer(Record):
    """Status 200 of GET /api/v1/site-offer. `beacons`: those recorded as this gateway's own first."""

    contract: Literal[1] = CONTRACT
    gateway: GatewayId
    hall: Annotated[str, Field(min_length=1, max_length=120)]
    community: Texts
    environment: Environment
    beacons: Annotated[tuple[OfferedBeacon, ...], Field(max_length=MAX_OFFERED)]
    signature: SignatureText | Literal[""] = ""

    def signed(self, key: Ed25519PrivateKey) -> "SiteOffer":
        signature = urlsafe_b64encode(key.sign(_covered(self))).rstrip(b"=").decode()
        return self.model_copy(update={"signature": signature})

    def check(self, pinned: Ed25519PublicKey, gateway: str) -> None:
        """Raises OfferRefused."""
        if self.gateway != gateway:
            raise OfferRefused("the offer is for another gateway")
        try:
            pinned.verify(urlsafe_b64decode(self.signature + "=="), _covered(self))
        except (InvalidSignature, Base64Error, ValueError) as error:
            raise OfferRefused("the offer is not signed by the server of the enrolment") from error


def _covered(offer: SiteOffer) -> bytes:
    return _DOMAIN + canonical(offer.model_copy(update={"signature": ""}))
