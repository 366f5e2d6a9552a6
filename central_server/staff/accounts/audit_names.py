"""What the ids in lines of the audit trail are called: fetched once for all the lines of a page."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from central_server.alerts.place_names import place_names
from central_server.staff.enrolment.gateway_select import told_apart
from central_server.staff.frame.labels import identities
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.api import webhooks
from central_server.store.catalogue import beacons, organisations, projects
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places.places import Place
from sync_contract.strict_model import Language

_ID = re.compile(r"[0-9a-f]{32}")
_PROJECT = re.compile(r"(?<![\w-])[a-z0-9][a-z0-9-]{0,15}(?![\w-])")
"""What may be the id of a project."""
_MOST = 5000
"""A database takes only so many in one question."""
_AT_ONCE = 100
_ABOUT_GIFTS = ("refund.", "receipt.", "disbursement.")
_CATALOGUE = (
    "organisation.", "project.", "binding.", "bindings.", "projects.", "disclosure.", "books.", "alert.", "gateway.",
)  # fmt: skip
_OF_BEACONS = ("beacon.", "beacons.", "alert.")


@dataclass(frozen=True, slots=True)
class Names:
    """By id, in the reader's language. `projects` and `organisations` by place and id too, for ids repeat; `behind`:
    the project of refunds, disbursements and attempts.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[str, str] = field(default_factory=dict)
    projects: Mapping[tuple[str, str], str] = field(default_factory=dict)
    organisations: Mapping[tuple[str, str], str] = field(default_factory=dict)
    beacons: Mapping[str, str] = field(default_factory=dict)
    webhooks: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def project(self, place: str, id_: str) -> str:
        return _nearest(self.projects, place, id_)

    def organisation(self, place: str, id_: str) -> str:
        return _nearest(self.organisations, place, id_)

    def anything(self, id_: str) -> str:
        """Of ids that cannot be taken for one another."""
        return self.gateways.get(id_) or self.places.get(id_) or self.beacons.get(id_) or ""


async def names_of(
    connection: Connection, lines: Sequence[AuditLine], around: Collection[Place], tops: frozenset[str], to: Language
) -> Names:
    """`around`: the places at and below `tops`. What belongs to others is called nothing."""
    done = {line.action for line in lines}
    titles = {place: texts[to] for place, texts in place_names(around).items()}
    known = await gateways.every(connection, tops)
    catalogue = any(action.startswith((*_CATALOGUE, *_ABOUT_GIFTS)) for action in done)
    raising = await organisations.every(connection, tops) if catalogue else ()
    hooks = await webhooks.every(connection, tops) if any(action.startswith("webhook.") for action in done) else ()
    behind = await audit_trail.projects_behind(
        connection, [line.subject for line in lines if line.action.startswith(_ABOUT_GIFTS)]
    )
    words = {word for line in lines for word in _PROJECT.findall(f"{line.subject} {line.detail}")} if catalogue else ()
    given_to = [project for _, project in behind.values()]
    offered = await projects.called(connection, tops, [*given_to, *words][:_MOST])
    return Names(
        places=titles,
        gateways=told_apart(known, place_names(around), to),
        projects={key: title[to] for key, title in offered.items()},
        organisations={(each.place, each.id): each.name for each in raising},
        beacons=await _beacons(connection, lines, {place.id for place in around}),
        webhooks={each.id: each.url for each in hooks},
        behind=behind,
    )


async def _beacons(connection: Connection, lines: Sequence[AuditLine], mine: Collection[str]) -> dict[str, str]:
    """By identity as it is written, and by the id of those that are no identity."""
    words = {
        word
        for line in lines
        if line.action.startswith(_OF_BEACONS)
        for word in (*line.subject.split(), *line.detail.split())
    }
    wanted, named = identities(sorted(words)), dict[str, str]()
    for start in range(0, len(wanted), _AT_ONCE):
        found = await beacons.same(connection, wanted[start : start + _AT_ONCE])
        named |= {str(each.beacon): each.label for each in found if each.place in mine}
    for word in {line.subject for line in lines if line.action.startswith("beacon.")}:
        if _ID.fullmatch(word) and (kept := await beacons.get(connection, word)) is not None and kept.place in mine:
            named[word] = kept.label
    return {id_: label for id_, label in named.items() if label}


def _nearest(known: Mapping[tuple[str, str], str], place: str, id_: str) -> str:
    """Of that place; else of any, for what is kept above holds below; "" for what nobody knows any more."""
    return known.get((place, id_)) or next((title for (_, other), title in known.items() if other == id_), "")
