"""Every table. A record's key begins with its gateway, and every record belongs to one community.

States stand beside their subject for reading; how they came about is in `state_changes`, which only grows.
Ids are lower-case hexadecimal, amounts minor units, times by the server's clock unless the name says otherwise.
"""

from central_server.store.tables.accounts import accounts, audit_lines, grants, sessions
from central_server.store.tables.catalogue import catalogues
from central_server.store.tables.donations import attempts, intents, ledger_lines, notifications, state_changes
from central_server.store.tables.metadata import metadata
from central_server.store.tables.parcels import arrivals, parcels, sequences
from central_server.store.tables.places import gateway_keys, gateways, place_ancestors, places
from central_server.store.tables.processes import leases

__all__ = [
    "accounts",
    "arrivals",
    "attempts",
    "audit_lines",
    "catalogues",
    "gateway_keys",
    "gateways",
    "grants",
    "intents",
    "leases",
    "ledger_lines",
    "metadata",
    "notifications",
    "parcels",
    "place_ancestors",
    "places",
    "sequences",
    "sessions",
    "state_changes",
]
