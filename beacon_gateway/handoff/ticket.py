"""Handoff by ticket: a signed intent in the QR code; the central server accepts it before the gateway has synced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from beacon_gateway.donations.ports import Recorded
from sync_contract.code_address import in_capitals
from sync_contract.records import HandoffKind
from sync_contract.request_signature import Signer
from sync_contract.ticket import LATEST, Ticket, encode


@dataclass(frozen=True, slots=True)
class TicketHandoff:
    """`server`: the URL for phones, https://give.example. `signer` is called each time, because the key is rolled."""

    server: str
    signer: Callable[[], Signer]
    kind: HandoffKind = HandoffKind.ticket

    def url(self, recorded: Recorded) -> str:
        """Return the URL in capitals, for the QR code; the server answers `/T/` too.

        A time that a ticket cannot state comes from a wrong clock: the ticket states the latest one, as untrusted.
        """
        signer, intent = self.signer(), recorded.intent
        recorded_at = recorded.at.astimezone(UTC).replace(microsecond=0)
        ticket = Ticket(
            environment=intent.environment,
            intent=intent.id,
            project=intent.project,
            amount=intent.amount,
            beacon=intent.beacon,
            issued_at=min(recorded_at, LATEST),
            clock_trusted=recorded.clock_trusted and recorded_at <= LATEST,
            catalogue_version=intent.catalogue_version,
        )
        return in_capitals(f"{self.server.rstrip('/')}/T/{encode(ticket, signer.key)}")
