"""Every operation for programs: one entry for each route under /api/. A test compares them with the router."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from central_server.api import records
from central_server.api.queries import BesideQuery, FiguresQuery, LogQuery, MonthQuery, PageQuery
from central_server.api.tokens import Scope
from central_server.shake.records import PASS_PATTERN, PassAnswer, ShakeAnswer, ShakeAsked
from central_server.statistics.published import PublicMonth
from central_server.statistics.told import Figures, FiguresBeside
from sync_contract.catalogue import SignedCatalogue
from sync_contract.enrolment import EnrolmentAnswer, EnrolmentRequest, KeyRoll, KeyRolled
from sync_contract.records import Outcomes, Parcel, ParcelReceipts
from sync_contract.report import GatewayReport, ReportTaken
from sync_contract.transparency import Chain, Cosigned, CosignedTaken, Heads, Proof


class Credential(StrEnum):
    """Who may ask."""

    none = "none"
    gateway = "gateway"
    """The request is signed by a gateway's key (RFC 9421)."""
    token = "token"  # noqa: S105  (a name)
    """A personal token."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`where`: path, query or header; `schema`: JSON Schema."""

    name: str
    where: str
    about: str
    schema: Mapping[str, object]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`summary`: an English msgid of the staff's catalogues. `problems`: statuses that it gives beside 200, each with
    the words of its own types. `items`: records that are judged one by one inside a body of that name.
    """

    method: str
    path: str
    name: str
    summary: str
    credential: Credential
    answer: type[BaseModel] | None
    scope: Scope | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    items: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    kept: bool = False
    """The answer has an ETag."""
    media: tuple[str, ...] = ()
    """What comes where there is no record to answer with."""


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


_TOKEN: Mapping[int, tuple[str, ...]] = {
    400: ("parameter-malformed", "cursor-malformed"),
    401: ("token-missing", "token-refused"),
    403: ("scope-missing",),
    429: (),
}


def _listed(
    path: str, name: str, summary: str, scope: Scope, answer: type[BaseModel], query: type[BaseModel]
) -> Operation:
    return Operation(
        "GET", path, name, summary, Credential.token, answer, scope=scope, query=query, problems=_TOKEN, kept=True
    )


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

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/api/v1/shake",
        "shake",
        _("A phone tells which beacons it hears, and gets the project that is there and a presence pass."),
        Credential.none,
        ShakeAnswer,
        body=ShakeAsked,
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                "The same key and body within a day: the same answer. With or without quotes.",
                {"type": "string", "pattern": '^("[A-Za-z0-9_-]{16,64}"|[A-Za-z0-9_-]{16,64})$'},
            ),
        ),
        problems={
            400: ("idempotency-key-malformed",),
            413: (),
            415: (),
            422: ("idempotency-key-reused",),
            429: (),
        },
    ),
    Operation(
        "GET",
        "/api/v1/shake/{presence_pass}",
        "presence_pass",
        _("What a presence pass proves: the beacon, its place, the project and the time. It names no person."),
        Credential.none,
        PassAnswer,
        parameters=(
            Parameter(
                "presence_pass",
                "path",
                "From the answer to POST /api/v1/shake; it lives for half an hour.",
                {"type": "string", "pattern": PASS_PATTERN},
                required=True,
            ),
        ),
        problems={404: ("pass-unknown",), 429: ()},
    ),
    Operation(
        "GET",
        "/api/v1/token",
        "token",
        _("Which token asks, and what it may."),
        Credential.token,
        records.TokenFacts,
        problems={401: ("token-missing", "token-refused"), 429: ()},
        kept=True,
    ),
    _listed(
        "/api/v1/log",
        "log",
        _("The sync log of the account's places, newest first."),
        Scope.log,
        records.LogLines,
        LogQuery,
    ),
    _listed(
        "/api/v1/places",
        "places",
        _("The account's places, and those below them."),
        Scope.catalogue,
        records.PlaceEntries,
        PageQuery,
    ),
    _listed(
        "/api/v1/gateways",
        "gateways",
        _("The gateways of the account's places."),
        Scope.catalogue,
        records.GatewayEntries,
        PageQuery,
    ),
    _listed(
        "/api/v1/beacons",
        "beacons",
        _("The beacons of the account's places."),
        Scope.catalogue,
        records.BeaconEntries,
        PageQuery,
    ),
    _listed(
        "/api/v1/statistics",
        "statistics",
        _("Figures of the account's places by hour or day, today included."),
        Scope.statistics,
        Figures,
        FiguresQuery,
    ),
    _listed(
        "/api/v1/statistics/beside",
        "statistics_beside",
        _("Beacons, projects, gateways or communities side by side, today included."),
        Scope.statistics,
        FiguresBeside,
        BesideQuery,
    ),
    Operation(
        "GET",
        "/api/v1/public/statistics/{community}",
        "public_statistics",
        _("A community's figures of a month that is over, for everybody: nothing under five."),
        Credential.none,
        PublicMonth,
        query=MonthQuery,
        parameters=(
            Parameter(
                "community",
                "path",
                "The community's id.",
                {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
                required=True,
            ),
        ),
        problems={400: ("parameter-malformed",), 429: ()},
        kept=True,
    ),
    _listed(
        "/api/v1/projects",
        "projects",
        _("The projects on offer at the account's places."),
        Scope.catalogue,
        records.ProjectEntries,
        PageQuery,
    ),
    _listed(
        "/api/v1/bindings",
        "bindings",
        _("Which beacon brings which project, and when, at the account's places."),
        Scope.catalogue,
        records.BindingEntries,
        PageQuery,
    ),
    Operation(
        "POST",
        "/api/v1/parcels",
        "parcels",
        _("A gateway delivers its parcels. Each is judged by itself; a bad one never spoils the others."),
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
        parameters=(
            Parameter(
                "contract",
                "query",
                "The newest contract that the gateway reads; left out it is 1.",
                {"type": "string", "pattern": "^[1-9][0-9]{0,7}$"},
            ),
        ),
        problems={400: (), 401: (), 503: ()},
        kept=True,
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
                "Of the picture's octets, as the catalogue has it.",
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
        _("A gateway waits for what becomes of its intents."),
        Credential.gateway,
        Outcomes,
        parameters=(
            Parameter("known", "query", "An intent and its state, as the gateway has it; many times.", _KNOWN),
            Parameter("wait", "query", "Seconds to wait for a change; more than 25 is 25.", _WAIT),
        ),
        problems={400: (), 401: ()},
    ),
    Operation(
        "POST",
        "/api/v1/enrolments",
        "enrolments",
        _("A device brings a one-time code and its public key, and becomes a gateway."),
        Credential.none,
        EnrolmentAnswer,
        body=EnrolmentRequest,
        problems={400: (), 404: (), 409: (), 413: (), 415: (), 429: ()},
    ),
    Operation(
        "POST",
        "/api/v1/keys",
        "keys",
        _("A gateway rolls its key."),
        Credential.gateway,
        KeyRolled,
        body=KeyRoll,
        problems={400: (), 401: (), 409: (), 413: (), 415: ()},
    ),
    Operation(
        "POST",
        "/api/v1/reports",
        "reports",
        _("A gateway says how it is."),
        Credential.gateway,
        ReportTaken,
        body=GatewayReport,
        problems={400: (), 401: (), 413: (), 415: ()},
    ),
    Operation(
        "GET",
        "/api/v1/heads",
        "heads",
        _("What the gateway's community published of its ledger since the steps that the gateway names."),
        Credential.gateway,
        Heads,
        parameters=(
            Parameter("known", "query", "A project and the step that the gateway has of it; many times.", _STEPS),
        ),
        problems={400: (), 401: ()},
    ),
    Operation(
        "POST",
        "/api/v1/cosignatures",
        "cosignatures",
        _("A gateway co-signs published heads that are in order, and tells of those that are not."),
        Credential.gateway,
        CosignedTaken,
        body=Cosigned,
        problems={400: (), 401: (), 409: (), 413: (), 415: ()},
    ),
    Operation(
        "GET",
        "/api/v1/transparency/{place}/{project}",
        "transparency",
        _("The signed heads of a project's ledger, with the gateways' signatures."),
        Credential.none,
        Chain,
        parameters=(
            Parameter("place", "path", "The community.", {"type": "string", "pattern": "^[^/]{1,64}$"}, required=True),
            Parameter("project", "path", "Its id.", {"type": "string", "pattern": "^[a-z0-9-]{1,16}$"}, required=True),
            Parameter("after", "query", "Only later steps.", {"type": "string", "pattern": "^[0-9]{1,9}$"}),
        ),
        problems={400: (), 404: ()},
        kept=True,
    ),
    Operation(
        "GET",
        "/api/v1/proofs/{secret}",
        "proofs",
        _("That a line stands in the published ledger: its way up to a signed head."),
        Credential.none,
        Proof,
        parameters=(
            Parameter(
                "secret",
                "path",
                "What stands on the slip.",
                {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
                required=True,
            ),
        ),
        problems={404: ()},
    ),
)
