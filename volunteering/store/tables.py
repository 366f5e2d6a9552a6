"""Define the tables of this part. `community` names a place of the central server, without a foreign key."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from central_server.store.engine.tables.metadata import Counted
from central_server.store.engine.timestamps import Instant
from volunteering.store.claim_tables import claim_decisions as claim_decisions
from volunteering.store.claim_tables import staff_numbers as staff_numbers
from volunteering.store.columns import community_column, id_column
from volunteering.store.columns import metadata as metadata
from volunteering.store.dispatch_tables import proposals as proposals
from volunteering.store.dispatch_tables import shift_needs as shift_needs
from volunteering.store.dispatch_tables import willing_times as willing_times
from volunteering.store.guardian_tables import guardians as guardians
from volunteering.store.highlight_tables import highlight_consents as highlight_consents
from volunteering.store.highlight_tables import highlights as highlights
from volunteering.store.invitation_tables import invitation_lists as invitation_lists
from volunteering.store.invitation_tables import invitations as invitations
from volunteering.store.login_card_tables import login_cards as login_cards
from volunteering.store.merge_tables import merges as merges
from volunteering.store.message_tables import messages as messages
from volunteering.store.pool_tables import memberships as memberships
from volunteering.store.service_tables import cards as cards
from volunteering.store.service_tables import service_records as service_records

opportunities = Table(
    "vol_opportunities",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("meeting", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index(None, "community", "kind", "state"),
)
"""`title`, `about`, `meeting`: texts in three languages as JSON; `about` may be empty."""

shifts = Table(
    "vol_shifts",
    metadata,
    id_column(),
    Column("opportunity", String(32), nullable=False),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Index(None, "opportunity"),
    Index(None, "community", "ends"),
)

people = Table(
    "vol_people",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("number_hash", String(64)),
    Column("key", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("language", String(8), nullable=False),
    Column("merged_into", String(32)),
    Column("birth_band", String(8), nullable=False),
    UniqueConstraint("community", "environment", "number_hash"),
    Index(None, "merged_into"),
)
"""`number_hash`: keyed; NULL for an erased person and one without a number. `merged_into`: the person for whom the
records count since a merge. `key`: the fingerprint of the key that opens `sealed`."""

consents = Table(
    "vol_consents",
    metadata,
    id_column(),
    community_column(),
    Column("person", String(32), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("text_version", String(16), nullable=False),
    Column("how", String(16), nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Index(None, "person"),
)
"""`how`: on the person's phone, or at the desk."""

sessions = Table(
    "vol_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person", String(32), nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index(None, "person"),
    Index(None, "ends_at"),
)

codes = Table(
    "vol_codes",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("number_hash", String(64), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("sealed_number", LargeBinary, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("ended", Boolean(name="ended"), nullable=False),
    Index(None, "number_hash", "sent_at"),
    Index(None, "sent_at"),
)
"""One-time codes of the last 24 hours, as keyed hashes."""

sign_ups = Table(
    "vol_sign_ups",
    metadata,
    id_column(),
    Column("shift", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    community_column(),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("offered_until", Instant),
    UniqueConstraint("shift", "person"),
    Index(None, "shift", "state", "asked_at"),
    Index(None, "person"),
    Index(None, "state", "offered_until"),
)
"""`asked_at`: orders the waiting list. `offered_until`: of an offer."""

requests = Table(
    "vol_requests",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("person", String(32), nullable=False),
    Column("category", String(16), nullable=False),
    Column("grid", String(20), nullable=False),
    Column("wanted_on", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("helper", String(32)),
    Column("outcome", String(8), nullable=False),
    Column("helper_outcome", String(8), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "state", "changed_at"),
    Index(None, "community", "changed_at"),
    Index(None, "community", "state", "wanted_on"),
    Index(None, "person"),
    Index(None, "helper"),
)
"""`wanted_on`: an ISO date. `sealed`: building, door and note. `outcome`: how it went, by who asked; "" for unknown.

`person`: "" for a neighbour without a phone, for whom the staff account `asked_by` asked.
`helper_outcome`: how it went, by the helper.
`changed_at`: when the state changed last.
"""

address_looks = Table(
    "vol_address_looks",
    metadata,
    Column("id", Counted, primary_key=True, autoincrement=True),
    Column("request", String(32), nullable=False),
    Column("step", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "request"),
)
"""Who saw how much of an address, and when. `by`: the id of the helper, or a staff account."""

attendances = Table(
    "vol_attendances",
    metadata,
    id_column(),
    community_column(),
    Column("environment", String(8), nullable=False),
    Column("shift", String(32), nullable=False),
    Column("sign_up", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    Column("step", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Column("evidence", String(16), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("gateway", String(16), nullable=False),
    Column("use_id", String(64), nullable=False),
    UniqueConstraint("person", "use_id"),
    UniqueConstraint("sign_up", "step"),
    Index(None, "shift"),
    Index(None, "use_id"),
    Index(None, "at"),
    Index(None, "evidence", "at"),
)
"""Scans of the screen's code. `at`: by the server's clock. `reason`: of the grade. `use_id`: the period of the code."""

state_changes = Table(
    "vol_state_changes",
    metadata,
    Column("seq", Counted, primary_key=True, autoincrement=True),
    community_column(),
    Column("record", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "record"),
)
"""Every change of every record. `kind`: of the record; `by`: a staff account, or the id of a person."""
