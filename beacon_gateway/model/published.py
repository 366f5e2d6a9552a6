"""The part of the published ledger that this device stores for the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sync_contract.ledger_heads import ChainStatus, Head


@dataclass(frozen=True, slots=True)
class StoredChain:
    """A chain's last head with its digest, and its heads since a date, the oldest first."""

    last: Head
    digest: str
    recent: tuple[Head, ...]


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """`chains`: by project; `statuses`: according to the server;
    `refused`: a head of this community was refused.
    """

    chains: Mapping[str, StoredChain]
    statuses: Mapping[str, ChainStatus]
    compared_until: date | None
    open_differences: int
    refused: bool
