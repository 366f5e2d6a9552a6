"""Define the actions of the audit trail: one typed record per action, stored as versioned JSON.

The tag of a record is its stored name, `noun.verb`. `subject` is the id of what the action was done to, "" where there
is none. Records contain facts only and no secrets; `staff/accounts/audit_wording` words them for readers.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

import msgspec

VERSION = 1
Rejection = Literal["unknown_name", "wrong_password", "locked", "disabled", "one_time_expired"]


class AuditAction(msgspec.Struct, frozen=True, tag_field="action"):
    subject: str

    @property
    def name(self) -> str:
        return cast(str, self.__struct_config__.tag)


ActionT = TypeVar("ActionT", bound=AuditAction)


class FieldChange(msgspec.Struct, frozen=True):
    """One field of a record. "" is an empty value."""

    field: str
    before: str
    after: str


def changed_fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return the fields that differ, each value cut to 120 characters."""
    return tuple(
        FieldChange(field, _cut(before.get(field, "")), _cut(after.get(field, "")))
        for field in {**before, **after}
        if before.get(field, "") != after.get(field, "")
    )


def _cut(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= 120 else f"{text[:119]}…"


def _define(base: type[ActionT], name: str, tag: str) -> type[ActionT]:
    """Define an action with exactly the fields of `base`."""
    action = msgspec.defstruct(name, [], bases=(base,), frozen=True, tag=tag, module=__name__)
    return cast(type[ActionT], action)


class AccountAction(AuditAction, frozen=True):
    """`subject`: the account's name."""


class LoggedIn(AccountAction, frozen=True, tag="session.begin"):
    """`second_step`: of an account with a second factor; `awaited` after the password, `given` after the code."""

    second_step: Literal["none", "awaited", "given"]


class LoginRejected(AccountAction, frozen=True, tag="session.refuse"):
    reason: Rejection


LoggedOut = _define(AccountAction, "LoggedOut", "session.end")


class SessionsEnded(AccountAction, frozen=True, tag="sessions.end"):
    count: int


FailuresUnlisted = _define(AccountAction, "FailuresUnlisted", "session.omit")


class AddressLocked(AuditAction, frozen=True, tag="address.lock"):
    """`subject`: the network address."""

    failures: int


class AccountLocked(AccountAction, frozen=True, tag="account.lock"):
    failures: int


AccountUnlocked = _define(AccountAction, "AccountUnlocked", "account.unlock")


class AccountAdded(AccountAction, frozen=True, tag="account.add"):
    role: str


AccountDisabled = _define(AccountAction, "AccountDisabled", "account.disable")
AccountConfirmed = _define(AccountAction, "AccountConfirmed", "account.confirm")
AccountEnabled = _define(AccountAction, "AccountEnabled", "account.enable")


class RoleGranted(AccountAction, frozen=True, tag="role.grant"):
    before: str
    after: str


class RoleRevoked(AccountAction, frozen=True, tag="role.revoke"):
    role: str


PasswordRejected = _define(AccountAction, "PasswordRejected", "password.refuse")
PasswordChanged = _define(AccountAction, "PasswordChanged", "password.change")
PasswordReset = _define(AccountAction, "PasswordReset", "password.reset")
FactorSetUpStarted = _define(AccountAction, "FactorSetUpStarted", "factor.begin")
FactorEnrolled = _define(AccountAction, "FactorEnrolled", "factor.enrol")
CodeRejected = _define(AccountAction, "CodeRejected", "factor.refuse")
FactorRemoved = _define(AccountAction, "FactorRemoved", "factor.remove")
FactorReset = _define(AccountAction, "FactorReset", "factor.reset")


class RecordAction(AuditAction, frozen=True):
    """A record of the catalogue or a place was saved or removed."""

    changes: tuple[FieldChange, ...]


OrganisationAdded = _define(RecordAction, "OrganisationAdded", "organisation.add")
OrganisationChanged = _define(RecordAction, "OrganisationChanged", "organisation.change")
ProjectAdded = _define(RecordAction, "ProjectAdded", "project.add")
ProjectChanged = _define(RecordAction, "ProjectChanged", "project.change")
BeaconAdded = _define(RecordAction, "BeaconAdded", "beacon.add")
BeaconChanged = _define(RecordAction, "BeaconChanged", "beacon.change")
BeaconRemoved = _define(RecordAction, "BeaconRemoved", "beacon.remove")


class BindingAction(RecordAction, frozen=True):
    """`subject`: the project's id."""


BindingAdded = _define(BindingAction, "BindingAdded", "binding.add")
BindingChanged = _define(BindingAction, "BindingChanged", "binding.change")
BindingRemoved = _define(BindingAction, "BindingRemoved", "binding.remove")


class ImportAction(AuditAction, frozen=True):
    """`subject`: the file's name; `ids`: the first records that it added or changed."""

    added: int
    changed: int
    ids: tuple[str, ...]


BeaconsImported = _define(ImportAction, "BeaconsImported", "beacons.import")
ProjectsImported = _define(ImportAction, "ProjectsImported", "projects.import")
BindingsImported = _define(ImportAction, "BindingsImported", "bindings.import")


class PlaceAdded(AuditAction, frozen=True, tag="place.add"):
    """`label`: its first name; `parent`: "" for one that the command line added at the top."""

    kind: str
    label: str
    parent: str


PlaceRenamed = _define(RecordAction, "PlaceRenamed", "place.rename")


class PlaceMoved(AuditAction, frozen=True, tag="place.move"):
    before: str
    after: str


class ContactChanged(RecordAction, frozen=True, tag="place.contact"):
    """`subject`: the place."""


class GatewayAction(AuditAction, frozen=True):
    """`subject`: the gateway's id; `label`: its label at that time."""

    label: str


class GatewayAdded(GatewayAction, frozen=True, tag="gateway.add"):
    place: str


GatewayInvited = _define(GatewayAction, "GatewayInvited", "gateway.invite")
GatewayRetired = _define(GatewayAction, "GatewayRetired", "gateway.retire")
GatewayReturned = _define(GatewayAction, "GatewayReturned", "gateway.return")
GatewayChanged = _define(RecordAction, "GatewayChanged", "gateway.change")


class GatewayRevoked(AuditAction, frozen=True, tag="gateway.revoke"):
    keys: int


class KeyAction(AuditAction, frozen=True):
    """`subject`: the gateway's id."""

    key: str


GatewayEnrolled = _define(KeyAction, "GatewayEnrolled", "gateway.enrol")
KeyRevoked = _define(KeyAction, "KeyRevoked", "key.revoke")


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


class CaseAction(AuditAction, frozen=True):
    """`subject`: the case number. No entry contains anything about the household."""


HouseholdRegistered = _define(CaseAction, "HouseholdRegistered", "household.register")
HouseholdLookedUp = _define(CaseAction, "HouseholdLookedUp", "household.look_up")
HouseholdErased = _define(CaseAction, "HouseholdErased", "household.erase")
ErasurePostponed = _define(CaseAction, "ErasurePostponed", "household.postpone")


class CaseStepTaken(CaseAction, frozen=True, tag="case.step"):
    """`step`: a StepKind; `reason`: a Refusal or an Ending, else ""."""

    step: str
    reason: str = ""


HelpCodeMade = _define(CaseAction, "HelpCodeMade", "help.code")


class HelpConfirmed(CaseAction, frozen=True, tag="help.confirm"):
    """`way`: paper or phone."""

    disbursement: str
    way: str


class SheetLookedUp(AuditAction, frozen=True, tag="help.sheet"):
    """`subject`: the disbursement."""


class DisbursementAction(AuditAction, frozen=True):
    """`subject`: the disbursement's id; `to_project` for a move and `corrects` for a correction, else ""."""

    project: str
    amount_minor: int
    purpose: str
    payee: str
    to_project: str = ""
    corrects: str = ""


DisbursementRequested = _define(DisbursementAction, "DisbursementRequested", "disbursement.ask")
DisbursementApproved = _define(DisbursementAction, "DisbursementApproved", "disbursement.approve")
DisbursementDeclined = _define(DisbursementAction, "DisbursementDeclined", "disbursement.decline")
DisbursementCorrected = _define(DisbursementAction, "DisbursementCorrected", "disbursement.correct")


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


StatementUploaded = _define(StatementAction, "StatementUploaded", "statement.take")
StatementDownloaded = _define(StatementAction, "StatementDownloaded", "statement.download")


class EvidenceImported(AuditAction, frozen=True, tag="evidence.import"):
    """`subject`: the file's name. `sender`: who sent the file that this account confirmed."""

    gifts: int
    sender: str


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


class TokenMade(AuditAction, frozen=True, tag="token.make"):
    label: str
    scopes: tuple[str, ...]
    days: int


class TokenRevoked(AuditAction, frozen=True, tag="token.revoke"):
    label: str


class AlertAction(AuditAction, frozen=True):
    """`subject`: the key of the task; `kind`: a TaskKind; `label`: of the gateway, "" without one; `beacon`: or ""."""

    kind: str
    label: str
    beacon: str


class AlertTaken(AlertAction, frozen=True, tag="alert.take"):
    note: str


class AlertReturned(AlertAction, frozen=True, tag="alert.back"):
    account: str


class AlertTakenOver(AlertAction, frozen=True, tag="alert.over"):
    before: str
    after: str


class ChannelAction(AuditAction, frozen=True):
    """`address`: without its secret part."""

    kind: str
    address: str


ChannelAdded = _define(ChannelAction, "ChannelAdded", "channel.add")
ChannelTried = _define(ChannelAction, "ChannelTried", "channel.try")
ChannelRemoved = _define(ChannelAction, "ChannelRemoved", "channel.remove")


class WebhookAction(AuditAction, frozen=True):
    url: str


class WebhookMade(WebhookAction, frozen=True, tag="webhook.make"):
    events: tuple[str, ...]


class WebhookStopped(WebhookAction, frozen=True, tag="webhook.stop"):
    """`failure`: the receiver's last failure, where this server stopped it; "" where staff did."""

    failure: str = ""


WebhookStarted = _define(WebhookAction, "WebhookStarted", "webhook.start")
WebhookSecretChanged = _define(WebhookAction, "WebhookSecretChanged", "webhook.secret")
WebhookRemoved = _define(WebhookAction, "WebhookRemoved", "webhook.remove")
WebhookTried = _define(WebhookAction, "WebhookTried", "webhook.try")


class DeliveryRepeated(WebhookAction, frozen=True, tag="webhook.again"):
    delivery: str


class FileDownloaded(AuditAction, frozen=True, tag="file.take"):
    """`subject`: the file's name; `kind`: the list that it contains."""

    kind: str


def _find_actions(base: type[AuditAction]) -> dict[str, type[AuditAction]]:
    """Return every action below `base` that has a stored name, by that name."""
    found = {}
    for each in base.__subclasses__():
        tag = each.__struct_config__.tag
        if isinstance(tag, str) and "." in tag:
            found[tag] = each
        found |= _find_actions(each)
    return found


ACTIONS = _find_actions(AuditAction)


def encode_action(action: AuditAction) -> str:
    return msgspec.json.encode({"version": VERSION, **msgspec.to_builtins(action)}).decode()


def decode_action(details: str) -> AuditAction:
    """Raise msgspec.ValidationError for details of another version or an unknown action."""
    fields: dict[str, Any] = msgspec.json.decode(details)
    if fields.get("version") != VERSION or fields.get("action") not in ACTIONS:
        raise msgspec.ValidationError(f"no known audit action: {details[:80]}")
    return msgspec.convert(fields, ACTIONS[fields["action"]])
