"""Handoff by ticket: a signed intent in the QR code; the central server accepts it before the gateway has synced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from beacon_gateway.model.donations import Intent
from sync_contract.records import ClockReading, HandoffKind
from sync_contract.request_signature import Signer
from sync_contract.ticket import Ticket, encode


@dataclass(frozen=True, slots=True)
class TicketHandoff:
    """`server`: the URL for phones, https://give.example. `signer` is called each time, because the key is rolled."""

    server: str
    signer: Callable[[], Signer]
    kind: HandoffKind = HandoffKind.ticket

    def url(self, intent: Intent, clock: ClockReading) -> str:
        """Return the URL in capitals, for the QR code's alphanumeric mode; the server answers `/T/` too."""
        signer = self.signer()
        ticket = Ticket(
            environment=intent.environment,
            gateway=signer.gateway,
            intent=intent.id,
            project=intent.project,
            amount=intent.amount,
            beacon=intent.beacon,
            issued_at=clock.wall.astimezone(UTC).replace(microsecond=0),
            clock_trusted=clock.reliable,
            catalogue_version=intent.catalogue_version,
        )
        return f"{self.server.rstrip('/').upper()}/T/{encode(ticket, signer.key)}"
