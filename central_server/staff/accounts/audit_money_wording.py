"""Word audit entries about money and families for their reader."""

from central_server.families.case_rules import StepKind
from central_server.staff.accounts.audit_reader import ActionWording, AuditReader, describe
from central_server.staff.donations.gift_wording import NOT_POSSIBLE, REMITTANCES
from central_server.staff.families.family_wording import REASONS, STEPS, WAYS
from central_server.staff.frame.msgid import _
from central_server.staff.reconciliation.reconciliation_wording import KINDS
from central_server.store.accounts import audit_actions as actions
from central_server.store.accounts import audit_money_actions as money
from central_server.store.accounts.audit_records import AuditAction
from central_server.store.reconciliation.differences import DifferenceKind

_ENVIRONMENTS = {"drill": _("Drill"), "real": _("Real")}


def _payment(action: AuditAction, reader: AuditReader, *details: str, also: str = "") -> ActionWording:
    """Name the project that the payment was for."""
    place, project = reader.names.payments.get(action.subject, ("", ""))
    ids = tuple(id_ for id_ in (action.subject, also) if id_)
    return ActionWording(reader.names.project(place, project), ids, details)


@describe.register
def _refund(action: money.RefundAction, reader: AuditReader) -> ActionWording:
    amount = reader.money(action.amount_minor, action.currency)
    if isinstance(action, money.RefundRequested):
        return _payment(action, reader, amount, also=action.intent)
    assert isinstance(action, money.RefundApproved | money.RefundDeclined)
    return _payment(action, reader, amount, reader.text(_("requested by %(account)s"), account=action.requested_by))


@describe.register
def _refund_rejected(action: money.RefundRejected, reader: AuditReader) -> ActionWording:
    return _payment(action, reader, reader.text(NOT_POSSIBLE[action.reason]))


@describe.register(money.ReceiptsDownloaded)
@describe.register(money.ReceiptIssued)
@describe.register(money.DonorForgotten)
def _receipt(action: AuditAction, reader: AuditReader) -> ActionWording:
    match action:
        case money.ReceiptsDownloaded(donors=count):
            return _payment(action, reader, reader.text(_("Donors: %(count)s"), count=count))
        case money.ReceiptIssued(number=number):
            return _payment(action, reader, reader.text(_("Number: %(number)s"), number=number))
    return _payment(action, reader)


@describe.register
def _sheet(action: actions.SheetLookedUp, reader: AuditReader) -> ActionWording:
    return ActionWording("", (action.subject,))


@describe.register
def _case(action: actions.CaseAction, reader: AuditReader) -> ActionWording:
    details: tuple[str, ...] = ()
    if isinstance(action, actions.HelpConfirmed):
        details = (reader.text(WAYS[action.way]),)
    if isinstance(action, actions.CaseStepTaken):
        words = [STEPS[StepKind(action.step)], *([REASONS[action.reason]] if action.reason else [])]
        details = tuple(reader.text(each) for each in words)
    return ActionWording(reader.text(_("Case %(number)s"), number=action.subject), (), details)


@describe.register
def _disbursement(action: money.DisbursementAction, reader: AuditReader) -> ActionWording:
    if action.to_project:
        target = reader.text(_("to the project %(project)s"), project=reader.project(action.to_project))
    elif action.corrects:
        target = reader.text(_("corrects an earlier one"))
    else:
        target = reader.text(_("for: %(payee)s"), payee=action.payee)
    ids = (action.subject, action.corrects) if action.corrects else (action.subject,)
    amount = f"{reader.signed_money(action.amount_minor)} · {action.purpose}"
    return ActionWording(reader.project(action.project), ids, (amount, target))


@describe.register(money.DifferenceSettled)
@describe.register(money.DifferencePosted)
def _difference(action: money.DifferenceSettled | money.DifferencePosted, reader: AuditReader) -> ActionWording:
    detail = reader.signed_money(action.amount_minor) if isinstance(action, money.DifferencePosted) else action.reason
    return ActionWording(reader.text(KINDS[DifferenceKind(action.kind)]), (action.subject,), (detail,))


@describe.register
def _missed_payment(action: money.MissedPaymentFound, reader: AuditReader) -> ActionWording:
    return ActionWording("", (action.subject,), (reader.text(_("in the bank's file of %(day)s"), day=action.day),))


@describe.register
def _statement(action: money.StatementAction, reader: AuditReader) -> ActionWording:
    name = reader.text(_("The bank's file of %(day)s"), day=action.day)
    return ActionWording(name, (action.subject,), (action.file,))


@describe.register
def _evidence(action: money.EvidenceImported, reader: AuditReader) -> ActionWording:
    gifts = reader.text(_("Gifts: %(count)s"), count=action.gifts)
    return ActionWording(action.subject, (), (gifts, reader.text(_("Sent by %(account)s"), account=action.sender)))


@describe.register
def _remittance(action: money.RemittanceAction, reader: AuditReader) -> ActionWording:
    details = (reader.signed_money(action.amount_minor), reader.text(REMITTANCES[action.kind]), action.number)
    return _payment(action, reader, *details)


@describe.register(money.DisclosureNoted)
@describe.register(money.DisclosureCorrected)
def _disclosure(action: money.DisclosureNoted | money.DisclosureCorrected, reader: AuditReader) -> ActionWording:
    if isinstance(action, money.DisclosureNoted):
        words = _("Due on %(due)s, published on %(day)s")
        details = [reader.text(words, due=action.due, day=action.published_on), action.where, action.note]
    else:
        details = [reader.text(_("Due on %(due)s"), due=action.due), action.note]
    return reader.subject(reader.project(action.subject), tuple(each for each in details if each))


@describe.register
def _totals(action: money.TotalsDownloaded, reader: AuditReader) -> ActionWording:
    return ActionWording(reader.text(_ENVIRONMENTS[action.subject]), (), (f"{action.first} – {action.last}",))


@describe.register
def _books(action: money.BooksDownloaded, reader: AuditReader) -> ActionWording:
    places = ", ".join(reader.names.places.get(place, place) for place in action.places)
    return reader.subject(reader.project(action.subject), (places,) if places else ())


@describe.register
def _month(action: money.MonthLocked, reader: AuditReader) -> ActionWording:
    return ActionWording(action.subject, (), (reader.text(_ENVIRONMENTS[action.environment]),))
