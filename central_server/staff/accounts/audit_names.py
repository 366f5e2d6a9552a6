"""Find the names of ids in audit entries: one lookup of each kind for all entries of a page."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from central_server.alerts.place_names import place_names
from central_server.staff.enrolment.gateway_select import gateway_labels
from central_server.staff.frame.labels import identities
from central_server.store.accounts import audit_actions as actions
from central_server.store.accounts import audit_money_actions as money
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_records import AuditAction
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.catalogue import beacons, organisations, projects
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places.places import Place
from sync_contract.strict_model import Language

_MAX_PROJECTS = 5000
"""Database limit on the parameters of a query."""
_BEACONS_PER_QUERY = 100
_PAYMENT_ACTIONS = (
    money.RefundAction,
    money.RefundRejected,
    money.ReceiptIssued,
    money.DonorForgotten,
    money.RemittanceAction,
)
_BEACON_ACTIONS = (actions.BeaconAdded, actions.BeaconChanged, actions.BeaconRemoved)


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id, in the reader's language. Ids of projects and organisations repeat, so their keys include the place.

    `payments`: place and project of refunds and attempts.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)
    projects: Mapping[tuple[str, str], str] = field(default_factory=dict)
    organisations: Mapping[tuple[str, str], str] = field(default_factory=dict)
    beacons: Mapping[str, str] = field(default_factory=dict)
    payments: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def project(self, place: str, id_: str) -> str:
        return _nearest(self.projects, place, id_)

    def organisation(self, place: str, id_: str) -> str:
        return _nearest(self.organisations, place, id_)

    def unique(self, id_: str) -> str:
        """Return the name of a gateway, place or beacon; their ids differ from each other. "" for an unknown id."""
        return self.gateways.get(id_) or self.places.get(id_) or self.beacons.get(id_) or ""


async def names_of(
    connection: Connection,
    entries: Sequence[AuditEntry],
    around: Collection[Place],
    tops: frozenset[str],
    language: Language,
) -> Names:
    """`around`: the places at and below `tops`. Records of other places get no names."""
    done = [entry.action for entry in entries]
    titles = {place: texts[language] for place, texts in place_names(around).items()}
    payments = await audit_trail.projects_of_payments(
        connection, [action.subject for action in done if isinstance(action, _PAYMENT_ACTIONS)]
    )
    offered = [project for _, project in payments.values()]
    offered += sorted({id_ for action in done for id_ in _projects_in(action)})
    has_organisations = any(isinstance(action, actions.RecordAction) for action in done)
    organised = await organisations.every(connection, tops) if has_organisations else ()
    return Names(
        places=titles,
        gateways=gateway_labels(await gateways.every(connection, tops), place_names(around), language),
        projects={
            key: title[language]
            for key, title in (await projects.called(connection, tops, offered[:_MAX_PROJECTS])).items()
        },
        organisations={(each.place, each.id): each.name for each in organised},
        beacons=await _beacons(connection, done, {place.id for place in around}),
        payments=payments,
    )


def _projects_in(action: AuditAction) -> Iterator[str]:
    match action:
        case actions.RecordAction(changes=changes):
            yield action.subject
            for change in changes:
                if change.field == "project":
                    yield from (change.before, change.after)
        case actions.ImportAction(ids=ids):
            yield from ids
        case money.DisbursementAction(project=project, to_project=to_project):
            yield from (project, to_project)
        case money.DisclosureNoted() | money.DisclosureCorrected() | money.BooksDownloaded():
            yield action.subject


async def _beacons(connection: Connection, done: Sequence[AuditAction], places: Collection[str]) -> dict[str, str]:
    """Return labels by written identity, and by id for beacons whose identity is not shown."""
    written: set[str] = set()
    for action in done:
        match action:
            case actions.BeaconsImported(ids=ids):
                written |= {*ids}
            case actions.AlertAction(beacon=beacon):
                written.add(beacon)
            case actions.BeaconAdded() | actions.BeaconChanged() | actions.BeaconRemoved():
                written.add(action.subject)
    wanted, named = identities(sorted(written)), dict[str, str]()
    for start in range(0, len(wanted), _BEACONS_PER_QUERY):
        found = await beacons.same(connection, wanted[start : start + _BEACONS_PER_QUERY])
        named |= {str(each.beacon): each.label for each in found if each.place in places}
    for id_ in {action.subject for action in done if isinstance(action, _BEACON_ACTIONS)}:
        stored = None if "/" in id_ else await beacons.get(connection, id_)
        if stored is not None and stored.place in places:
            named[id_] = stored.label
    return {id_: label for id_, label in named.items() if label}


def _nearest(known: Mapping[tuple[str, str], str], place: str, id_: str) -> str:
    """Prefer the entry's own place, then any: records of a place also apply below it. "" for an unknown id."""
    return known.get((place, id_)) or next((title for (_, other), title in known.items() if other == id_), "")
