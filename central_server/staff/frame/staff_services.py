"""Hold the services of the server that staff pages use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.alerts.notifier import Sender
from central_server.alerts.tasks import PartTasks
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.publication import Publication
from central_server.enrolment.enrolment_codes import Inviting
from central_server.ledger.spending_rules import SpendingRules
from central_server.receipts.receipt_requests import Receipts
from central_server.reconciliation.statement_import import Reconciler
from central_server.settings_bank import BankSettings
from central_server.staff.frame.menu import Group
from central_server.store.engine.database import Database
from daemonkit.broadcast import Broadcast
from daemonkit.templates import PageSource
from sync_contract.project import Texts
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class StaffServices:
    """`news`: poked when anything that pages show changed. `https`: browsers reach the pages only by https.

    `refund_bank`: name of the bank that pays refunds here, "" without one. `part_pages`, `part_menus`: what optional
    parts add to templates, catalogues, menu and tasks.
    """

    database: Database
    site: Texts
    environment: Environment
    clock: Callable[[], datetime]
    factor_key: bytes
    news: Broadcast
    inviting: Inviting
    webhook_rules: AddressRules
    program_secret: bytes
    publication: Publication
    alert_senders: Mapping[str, Sender]
    reconciling: Reconciler
    bank: BankSettings
    refund_bank: str
    receipts: Receipts
    spending: SpendingRules
    contacts: ContactLookup
    https: bool
    part_pages: tuple[PageSource, ...] = ()
    part_menus: tuple[Group, ...] = ()
    part_tasks: tuple[PartTasks, ...] = ()
