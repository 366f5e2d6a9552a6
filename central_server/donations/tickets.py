"""Verify a ticket and check whether its gift can be made now; reading a ticket changes nothing."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.errors import CentralError
from central_server.store.catalogue import projects
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import arrivals
from central_server.store.parcels.arrivals import NewArrival
from sync_contract.keys import read_public
from sync_contract.money import Money
from sync_contract.permit import PermitReason, judge
from sync_contract.project import Project
from sync_contract.records import HandoffKind, IntentState, Receipt
from sync_contract.strict_model import Environment
from sync_contract.ticket import FRESH_FOR, Ticket, TicketRefused, parse

_AHEAD = timedelta(days=1)
"""A ticket that a trusted clock issued this much later than now is refused: it would stay fresh until then."""


class TicketProblem(StrEnum):
    unknown_key = "unknown_key"
    forged = "forged"
    clock_ahead = "clock_ahead"
    other_environment = "other_environment"
    differs_from_intent = "differs_from_intent"


class TicketUnusable(CentralError):
    """`verified`: the ticket, if its signature holds but its content differs from the known intent."""

    def __init__(self, problem: TicketProblem, reason: str, verified: "VerifiedTicket | None" = None) -> None:
        super().__init__(reason)
        self.problem = problem
        self.verified = verified


class ProjectUnknown(CentralError):
    """The project is not on offer in this community."""


class AmountOutOfRange(CentralError):
    def __init__(self, project: Project) -> None:
        super().__init__(project.id)
        self.project = project


class PermitClosed(CentralError):
    def __init__(self, project: Project, reason: PermitReason) -> None:
        super().__init__(f"{project.id}: {reason}")
        self.project = project
        self.reason = reason


@dataclass(frozen=True, slots=True)
class VerifiedTicket:
    """A ticket that its gateway signed with `key`. `known`: the stored intent before this ticket, None if there is
    none.
    """

    ticket: Ticket
    gateway: Gateway
    key: str
    known: Intent | None

    @property
    def cause(self) -> str:
        return "ticket"

    @property
    def evidence(self) -> str:
        return self.key

    def check(self, known: Intent | None, now: datetime) -> None:
        """Raise TicketUnusable if the known intent differs from the ticket."""
        if known is not None and (differing := known.differing(self.intent(now))):
            raise TicketUnusable(TicketProblem.differs_from_intent, " ".join(differing), self)

    def needs_confirmation(self, now: datetime) -> bool:
        """Return whether the ticket is more than ten minutes away from our clock.

        The gateway's time counts if its clock was trusted, else the time at which we first saw the intent.
        """
        if self.ticket.clock_trusted:
            return abs(now - self.ticket.issued_at) > FRESH_FOR
        return self.known is not None and now - self.known.first_seen_at > FRESH_FOR

    def intent(self, now: datetime) -> Intent:
        """Return the intent that the ticket describes."""
        return Intent(
            gateway=self.gateway.id,
            id=self.ticket.intent,
            community=self.gateway.community,
            environment=self.ticket.environment.value,
            project=self.ticket.project,
            amount_minor=self.ticket.amount.minor,
            currency=self.ticket.amount.currency,
            beacon=None if self.ticket.beacon is None else str(self.ticket.beacon),
            catalogue_version=self.ticket.catalogue_version,
            handoff=HandoffKind.ticket.value,
            door=None,
            first_seen_at=now,
            first_seen_in="ticket",
            state=IntentState.registered.value,
        )


async def read_ticket(database: Database, text: str, environment: Environment, now: datetime) -> VerifiedTicket:
    """Parse and verify a ticket. Raises TicketUnusable."""
    try:
        unverified = parse(text)
        async with database.read() as connection:
            found = await gateways.by_key(connection, unverified.key)
            if found is None or not found[1].valid(now):
                raise TicketUnusable(TicketProblem.unknown_key, f"key {unverified.key}")
            gateway, key = found
            ticket = unverified.verify(read_public(key.public))
            known = await intents.get(connection, gateway.id, ticket.intent)
    except TicketRefused as error:
        raise TicketUnusable(TicketProblem.forged, str(error)) from error
    if ticket.environment is not environment:
        raise TicketUnusable(
            TicketProblem.other_environment, f"the ticket is {ticket.environment}, this server {environment}"
        )
    if ticket.clock_trusted and ticket.issued_at - now > _AHEAD:
        raise TicketUnusable(TicketProblem.clock_ahead, f"issued at {ticket.issued_at}, by a clock that was trusted")
    verified = VerifiedTicket(ticket, gateway, unverified.key, known)
    verified.check(known, now)
    return verified


async def report_contradiction(
    database: Database, verified: VerifiedTicket, text: str, reason: str, now: datetime
) -> None:
    """Add a conflict to the staff's sync log: a gateway signed two different contents for one intent."""
    contradiction = NewArrival(
        gateway=verified.gateway.id,
        parcel=verified.ticket.intent,
        result=Receipt.conflict,
        fingerprint=hashlib.sha256(text.upper().encode()).hexdigest(),
        community=verified.gateway.community,
        kind="ticket",
        reason=f"differs_from_intent: {reason}",
        content=json.dumps(asdict(verified.intent(now)), default=str),
    )
    async with database.write() as connection:
        await arrivals.record(connection, [contradiction], now)


async def get_ticket_project(database: Database, verified: VerifiedTicket, now: datetime) -> Project:
    """As `get_open_project`, for the gift of the ticket."""
    return await get_open_project(
        database, verified.gateway.community, verified.ticket.project, verified.ticket.amount, now
    )


async def get_open_project(
    database: Database, community: str, project_id: str, amount: Money, now: datetime
) -> Project:
    """Return the project if this gift can be made to it now, by our clock.

    Raises ProjectUnknown, AmountOutOfRange, PermitClosed.
    """
    async with database.read() as connection:
        project = await projects.offered(connection, community, project_id)
    if project is None:
        raise ProjectUnknown(project_id)
    judgement = judge(project.permit, now)
    if not judgement.open:
        raise PermitClosed(project, judgement.reason)
    if not project.accepts(amount):
        raise AmountOutOfRange(project)
    return project
