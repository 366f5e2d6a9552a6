"""What a ticket asks for, and whether it may be given now. Reading a ticket changes nothing."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

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


class TicketUnusable(CentralError):
    """Forged, altered, of an unknown key, of another environment, or at odds with what is known.

    `word` is for counting; `asked` is there when the signature holds, but the content is at odds with what is known.
    """

    def __init__(self, word: str, reason: str, asked: "Asked | None" = None) -> None:
        super().__init__(reason)
        self.word = word
        self.asked = asked


class ProjectUnknown(CentralError):
    """The ticket's project is not on offer here."""


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
class Asked:
    """A ticket that its gateway vouches for with `key`, and the intent as known here before (None: never seen)."""

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
        """Raises TicketUnusable when what is known of the intent says something else than the ticket."""
        if known is not None and (differing := known.differing(self.intent(now))):
            raise TicketUnusable("differs_from_intent", " ".join(differing), self)

    def needs_confirmation(self, now: datetime) -> bool:
        """Older than ten minutes: by the gateway's clock only where that is trusted, else by when we first saw it."""
        if self.ticket.clock_trusted:
            return now - self.ticket.issued_at > FRESH_FOR
        return self.known is not None and now - self.known.first_seen_at > FRESH_FOR

    def intent(self, now: datetime) -> Intent:
        """The intent as the ticket tells it."""
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


async def read_ticket(database: Database, text: str, environment: Environment, now: datetime) -> Asked:
    """Raises TicketUnusable."""
    try:
        unverified = parse(text)
        async with database.read() as connection:
            key = await gateways.known(connection, unverified.gateway, unverified.key, now)
            if key is None:
                raise TicketUnusable("unknown_key", f"gateway {unverified.gateway}, key {unverified.key}")
            gateway, public = key
            ticket = unverified.verify(read_public(public))
            known = await intents.get(connection, gateway.id, ticket.intent)
    except TicketRefused as error:
        raise TicketUnusable("forged", str(error)) from error
    if ticket.environment is not environment:
        raise TicketUnusable("other_environment", f"the ticket is {ticket.environment}, this server {environment}")
    asked = Asked(ticket, gateway, unverified.key, known)
    asked.check(known, now)
    return asked


async def report_contradiction(database: Database, asked: Asked, text: str, reason: str, now: datetime) -> None:
    """Tell staff in the sync log: a gateway signed two different contents for one intent."""
    contradiction = NewArrival(
        gateway=asked.gateway.id,
        parcel=asked.ticket.intent,
        result=Receipt.conflict,
        fingerprint=hashlib.sha256(text.upper().encode()).hexdigest(),
        community=asked.gateway.community,
        kind="ticket",
        reason=f"differs_from_intent: {reason}",
        content=json.dumps(asdict(asked.intent(now)), default=str),
    )
    async with database.write() as connection:
        await arrivals.record(connection, [contradiction], now)


async def project_of(database: Database, asked: Asked, now: datetime) -> Project:
    """As `giveable`, of what the ticket asks for."""
    return await giveable(database, asked.gateway.community, asked.ticket.project, asked.ticket.amount, now)


async def giveable(database: Database, community: str, project_id: str, amount: Money, now: datetime) -> Project:
    """The project, when this gift may be given to it now, by our clock.

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
