"""Describe the operations of gateways, signed by their keys, and the enrolment of a device."""

from central_server.api.operation import Credential, Operation, Parameter
from daemonkit.i18n import marked as _
from sync_contract.catalogue import SignedCatalogue
from sync_contract.enrolment import EnrolmentAnswer, EnrolmentRequest, KeyRoll, KeyRolled
from sync_contract.gateway_report import GatewayReport, ReportTaken
from sync_contract.ledger_heads import Cosigned, CosignedTaken, Heads
from sync_contract.records import Outcomes, Parcel, ParcelReceipts
from sync_contract.site_offer import SiteOffer

_WAIT = {"type": "string", "pattern": "^[0-9]{1,3}$"}
_KNOWN = {
    "type": "array",
    "maxItems": 150,
    "items": {
        "type": "string",
        "pattern": "^[0-9a-f]{32}:(registered|handed_off|paid|unconfirmed|closed)$",
    },
}

_STEPS = {
    "type": "array",
    "maxItems": 200,
    "items": {"type": "string", "pattern": "^[a-z0-9-]{1,16}:[0-9]{1,9}$"},
}

GATEWAY_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/api/v1/parcels",
        "parcels",
        _("A gateway uploads its records. Each is checked separately; an invalid one does not affect the others."),
        Credential.gateway,
        ParcelReceipts,
        items={"parcels": Parcel},
        problems={400: (), 401: (), 413: (), 415: ()},
    ),
    Operation(
        "GET",
        "/api/v1/catalogue",
        "catalogue",
        _("The signed catalogue of a gateway's community."),
        Credential.gateway,
        SignedCatalogue,
        problems={401: (), 503: ()},
        tagged=True,
    ),
    Operation(
        "GET",
        "/api/v1/pictures/{sha256}",
        "pictures",
        _("A picture that a signed catalogue names."),
        Credential.gateway,
        None,
        parameters=(
            Parameter(
                "sha256",
                "path",
                "SHA-256 of the picture, as in the catalogue.",
                {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                required=True,
            ),
        ),
        problems={401: (), 404: ()},
        media=("image/jpeg", "image/png", "image/webp"),
    ),
    Operation(
        "GET",
        "/api/v1/outcomes",
        "outcomes",
        _("A gateway waits for the outcomes of its registered gifts."),
        Credential.gateway,
        Outcomes,
        parameters=(
            Parameter("known", "query", "An intent and its state on the gateway; repeatable.", _KNOWN),
            Parameter("wait", "query", "Seconds to wait for a change; at most 25 are used.", _WAIT),
        ),
        problems={400: (), 401: ()},
    ),
    Operation(
        "POST",
        "/api/v1/enrolments",
        "enrolments",
        _("A device presents a one-time code and its public key, and becomes a gateway."),
        Credential.none,
        EnrolmentAnswer,
        body=EnrolmentRequest,
        problems={400: (), 404: (), 409: (), 413: (), 415: (), 429: ()},
    ),
    Operation(
        "POST",
        "/api/v1/keys",
        "keys",
        _("A gateway replaces its key."),
        Credential.gateway,
        KeyRolled,
        body=KeyRoll,
        problems={400: (), 401: (), 409: (), 413: (), 415: ()},
    ),
    Operation(
        "GET",
        "/api/v1/site-offer",
        "site-offer",
        _("Signed values for the settings of a gateway that was just enrolled: its names and its beacons."),
        Credential.gateway,
        SiteOffer,
        problems={401: ()},
    ),
    Operation(
        "POST",
        "/api/v1/reports",
        "reports",
        _("A gateway reports its status."),
        Credential.gateway,
        ReportTaken,
        body=GatewayReport,
        problems={400: (), 401: (), 409: (), 413: (), 415: ()},
    ),
    Operation(
        "GET",
        "/api/v1/heads",
        "heads",
        _("What the gateway's community has published of its ledger since the steps that the gateway names."),
        Credential.gateway,
        Heads,
        parameters=(Parameter("known", "query", "A project and its newest step on the gateway; repeatable.", _STEPS),),
        problems={400: (), 401: ()},
    ),
    Operation(
        "POST",
        "/api/v1/cosignatures",
        "cosignatures",
        _("A gateway co-signs published heads that are correct, and reports those that are not."),
        Credential.gateway,
        CosignedTaken,
        body=Cosigned,
        problems={400: (), 401: (), 409: (), 413: (), 415: ()},
    ),
)
