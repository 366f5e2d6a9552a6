"""Handoff by ticket: a signed intent in the QR code; the central server accepts it before the gateway has synced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from beacon_gateway.donations.ports import Recorded
from sync_contract.code_address import in_capitals
from sync_contract.records import HandoffKind
from sync_contract.request_signature import Signer
from sync_contract.ticket import Ticket, encode


@dataclass(frozen=True, slots=True)
class TicketHandoff:
    """`server`: the URL for phones, https://give.example. `signer` is called each time, because the key is rolled."""

    server: str
    signer: Callable[[], Signer]
    kind: HandoffKind = HandoffKind.ticket

    def url(self, recorded: Recorded) -> str:
        """Return the URL in capitals, for the QR code; the server answers `/T/` too."""
        signer, intent = self.signer(), recorded.intent
        ticket = Ticket(
            environment=intent.environment,
            intent=intent.id,
            project=intent.project,
            amount=intent.amount,
            beacon=intent.beacon,
            issued_at=recorded.at.astimezone(UTC).replace(microsecond=0),
            clock_trusted=recorded.clock_trusted,
            catalogue_version=intent.catalogue_version,
        )
        return in_capitals(f"{self.server.rstrip('/')}/T/{encode(ticket, signer.key)}")
