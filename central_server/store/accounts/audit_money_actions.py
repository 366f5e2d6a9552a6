"""Define the audit actions about money: refunds, receipts, disbursements, bank files, disclosures and books."""

from central_server.store.accounts.audit_records import AuditAction, define_action


class RefundAction(AuditAction, frozen=True):
    """`subject`: the refund's id."""

    amount_minor: int
    currency: str


class RefundRequested(RefundAction, frozen=True, tag="refund.ask"):
    intent: str


class RefundApproved(RefundAction, frozen=True, tag="refund.approve"):
    requested_by: str


class RefundDeclined(RefundAction, frozen=True, tag="refund.decline"):
    requested_by: str


class RefundRejected(AuditAction, frozen=True, tag="refund.refuse"):
    """`subject`: the intent or refund; `reason`: the word of RefundNotPossible."""

    reason: str


class ReceiptsDownloaded(AuditAction, frozen=True, tag="receipt.download"):
    donors: int


class ReceiptIssued(AuditAction, frozen=True, tag="receipt.issue"):
    """`subject`: the payment attempt."""

    number: str


class DonorForgotten(AuditAction, frozen=True, tag="receipt.forget"):
    """`subject`: the payment attempt."""


class DisbursementAction(AuditAction, frozen=True):
    """`subject`: the disbursement's id; `to_project` for a move and `corrects` for a correction, else ""."""

    project: str
    amount_minor: int
    purpose: str
    payee: str
    to_project: str = ""
    corrects: str = ""


DisbursementRequested = define_action(DisbursementAction, "DisbursementRequested", "disbursement.ask", __name__)
DisbursementApproved = define_action(DisbursementAction, "DisbursementApproved", "disbursement.approve", __name__)
DisbursementDeclined = define_action(DisbursementAction, "DisbursementDeclined", "disbursement.decline", __name__)
DisbursementCorrected = define_action(DisbursementAction, "DisbursementCorrected", "disbursement.correct", __name__)


class DifferenceSettled(AuditAction, frozen=True, tag="difference.settle"):
    """`subject`: the order at the bank, or the day."""

    kind: str
    reason: str


class DifferencePosted(AuditAction, frozen=True, tag="difference.post"):
    """`subject`: the order at the bank, or the day."""

    kind: str
    amount_minor: int


class MissedPaymentFound(AuditAction, frozen=True, tag="difference.came"):
    """`subject`: the difference's number; `day`: of the bank's file that contains the payment."""

    day: str


class StatementAction(AuditAction, frozen=True):
    """`subject`: the bank; `day` and `file` of its statement."""

    day: str
    file: str


StatementUploaded = define_action(StatementAction, "StatementUploaded", "statement.take", __name__)
StatementDownloaded = define_action(StatementAction, "StatementDownloaded", "statement.download", __name__)


class EvidenceImported(AuditAction, frozen=True, tag="evidence.import"):
    """`subject`: the file's name. `sender`: who sent the file that this account confirmed."""

    gifts: int
    sender: str


class RemittanceAction(AuditAction, frozen=True):
    """`subject`: the payment attempt; `kind`: transfer or cheque."""

    kind: str
    amount_minor: int
    number: str


RemittanceEntered = define_action(RemittanceAction, "RemittanceEntered", "remittance.enter", __name__)
RemittanceConfirmed = define_action(RemittanceAction, "RemittanceConfirmed", "remittance.confirm", __name__)
RemittanceDeclined = define_action(RemittanceAction, "RemittanceDeclined", "remittance.decline", __name__)


class DisclosureNoted(AuditAction, frozen=True, tag="disclosure.note"):
    """`subject`: the project; `due` and `published_on`: ISO dates."""

    due: str
    published_on: str
    where: str
    note: str


class DisclosureCorrected(AuditAction, frozen=True, tag="disclosure.correct"):
    """`subject`: the project; `due`: an ISO date."""

    due: str
    note: str


class TotalsDownloaded(AuditAction, frozen=True, tag="books.totals"):
    """`subject`: drill or real; `first` and `last`: ISO dates."""

    first: str
    last: str


class BooksDownloaded(AuditAction, frozen=True, tag="books.project"):
    """`subject`: the project; `places`: the communities in the file."""

    places: tuple[str, ...]


class MonthLocked(AuditAction, frozen=True, tag="month.lock"):
    """`subject`: the month, `2026-10`."""

    environment: str
