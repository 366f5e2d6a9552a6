"""Every table. A record's key begins with its gateway, and every record belongs to one community.

States stand beside their subject for reading; how they came about is in `state_changes`, which only grows.
Ids are lower-case hexadecimal, amounts minor units, times by the server's clock unless the name says otherwise.
"""

from central_server.store.tables.accounts import accounts, audit_lines, grants, login_peers, sessions
from central_server.store.tables.alerts import alert_channels, alert_tellings, alerts
from central_server.store.tables.catalogue import (
    beacon_activity,
    beacons,
    bindings,
    catalogue_edits,
    catalogue_seeds,
    catalogues,
    import_drafts,
    organisations,
    pictures,
    projects,
)
from central_server.store.tables.donations import attempts, intents, notifications, state_changes
from central_server.store.tables.enrolment import enrolment_codes, gateway_reports, wrong_codes
from central_server.store.tables.figures import (
    beacon_figures,
    boots,
    gateway_figures,
    moments,
    salt_offers,
    screen_figures,
    uncounted,
    visit_figures,
    visitor_registers,
)
from central_server.store.tables.metadata import metadata
from central_server.store.tables.money import (
    cosignatures,
    differences,
    disbursements,
    disclosures,
    head_refusals,
    heads,
    ledger_lines,
    locked_months,
    published_lines,
    receipt_donors,
    receipts,
    refunds,
    statement_rows,
    statements,
    vouchers,
)
from central_server.store.tables.parcels import arrivals, batches, parcels, sequences
from central_server.store.tables.phones import presence_passes, shake_answers, shake_counts
from central_server.store.tables.places import gateway_keys, gateways, place_ancestors, places
from central_server.store.tables.processes import leases
from central_server.store.tables.programs import personal_tokens, webhook_deliveries, webhook_marks, webhooks

__all__ = [
    "accounts",
    "alert_channels",
    "alert_tellings",
    "alerts",
    "arrivals",
    "attempts",
    "audit_lines",
    "batches",
    "beacon_activity",
    "beacon_figures",
    "beacons",
    "bindings",
    "boots",
    "catalogue_edits",
    "catalogue_seeds",
    "catalogues",
    "cosignatures",
    "differences",
    "disbursements",
    "disclosures",
    "enrolment_codes",
    "gateway_figures",
    "gateway_keys",
    "gateway_reports",
    "gateways",
    "grants",
    "head_refusals",
    "heads",
    "import_drafts",
    "intents",
    "leases",
    "ledger_lines",
    "locked_months",
    "login_peers",
    "metadata",
    "moments",
    "notifications",
    "organisations",
    "parcels",
    "personal_tokens",
    "pictures",
    "place_ancestors",
    "places",
    "presence_passes",
    "projects",
    "published_lines",
    "receipt_donors",
    "receipts",
    "refunds",
    "salt_offers",
    "screen_figures",
    "sequences",
    "sessions",
    "shake_answers",
    "shake_counts",
    "state_changes",
    "statement_rows",
    "statements",
    "uncounted",
    "visit_figures",
    "visitor_registers",
    "vouchers",
    "webhook_deliveries",
    "webhook_marks",
    "webhooks",
    "wrong_codes",
]
