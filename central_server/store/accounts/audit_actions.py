"""Define the actions of the audit trail: one typed record per action, stored as versioned JSON.

The tag of a record is its stored name, `noun.verb`. `subject` is the id of what the action was done to, "" where there
is none. Records contain facts only and no secrets; `staff/accounts/audit_wording` words them for readers.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from central_server.store.accounts import audit_money_actions
from central_server.store.accounts.audit_records import AuditAction, FieldChange, define_action

VERSION = 1
Rejection = Literal["unknown_name", "wrong_password", "locked", "disabled", "one_time_expired"]


class AccountAction(AuditAction, frozen=True):
    """`subject`: the account's name."""


class LoggedIn(AccountAction, frozen=True, tag="session.begin"):
    """`second_step`: of an account with a second factor; `awaited` after the password, `given` after the code."""

    second_step: Literal["none", "awaited", "given"]


class LoginRejected(AccountAction, frozen=True, tag="session.refuse"):
    reason: Rejection


LoggedOut = define_action(AccountAction, "LoggedOut", "session.end", __name__)


class SessionsEnded(AccountAction, frozen=True, tag="sessions.end"):
    count: int


FailuresUnlisted = define_action(AccountAction, "FailuresUnlisted", "session.omit", __name__)


class AddressLocked(AuditAction, frozen=True, tag="address.lock"):
    """`subject`: the network address."""

    failures: int


class AccountLocked(AccountAction, frozen=True, tag="account.lock"):
    failures: int


AccountUnlocked = define_action(AccountAction, "AccountUnlocked", "account.unlock", __name__)


class AccountAdded(AccountAction, frozen=True, tag="account.add"):
    role: str


AccountDisabled = define_action(AccountAction, "AccountDisabled", "account.disable", __name__)
AccountConfirmed = define_action(AccountAction, "AccountConfirmed", "account.confirm", __name__)
AccountEnabled = define_action(AccountAction, "AccountEnabled", "account.enable", __name__)


class RoleGranted(AccountAction, frozen=True, tag="role.grant"):
    before: str
    after: str


class RoleRevoked(AccountAction, frozen=True, tag="role.revoke"):
    role: str


PasswordRejected = define_action(AccountAction, "PasswordRejected", "password.refuse", __name__)
PasswordChanged = define_action(AccountAction, "PasswordChanged", "password.change", __name__)
PasswordReset = define_action(AccountAction, "PasswordReset", "password.reset", __name__)
FactorSetUpStarted = define_action(AccountAction, "FactorSetUpStarted", "factor.begin", __name__)
FactorEnrolled = define_action(AccountAction, "FactorEnrolled", "factor.enrol", __name__)
CodeRejected = define_action(AccountAction, "CodeRejected", "factor.refuse", __name__)
FactorRemoved = define_action(AccountAction, "FactorRemoved", "factor.remove", __name__)
FactorReset = define_action(AccountAction, "FactorReset", "factor.reset", __name__)


class RecordAction(AuditAction, frozen=True):
    """A record of the catalogue or a place was saved or removed."""

    changes: tuple[FieldChange, ...]


OrganisationAdded = define_action(RecordAction, "OrganisationAdded", "organisation.add", __name__)
OrganisationChanged = define_action(RecordAction, "OrganisationChanged", "organisation.change", __name__)
ProjectAdded = define_action(RecordAction, "ProjectAdded", "project.add", __name__)
ProjectChanged = define_action(RecordAction, "ProjectChanged", "project.change", __name__)
BeaconAdded = define_action(RecordAction, "BeaconAdded", "beacon.add", __name__)
BeaconChanged = define_action(RecordAction, "BeaconChanged", "beacon.change", __name__)
BeaconRemoved = define_action(RecordAction, "BeaconRemoved", "beacon.remove", __name__)


class BindingAction(RecordAction, frozen=True):
    """`subject`: the project's id."""


BindingAdded = define_action(BindingAction, "BindingAdded", "binding.add", __name__)
BindingChanged = define_action(BindingAction, "BindingChanged", "binding.change", __name__)
BindingRemoved = define_action(BindingAction, "BindingRemoved", "binding.remove", __name__)


class ImportAction(AuditAction, frozen=True):
    """`subject`: the file's name; `ids`: the first records that it added or changed."""

    added: int
    changed: int
    ids: tuple[str, ...]


BeaconsImported = define_action(ImportAction, "BeaconsImported", "beacons.import", __name__)
ProjectsImported = define_action(ImportAction, "ProjectsImported", "projects.import", __name__)
BindingsImported = define_action(ImportAction, "BindingsImported", "bindings.import", __name__)


class PlaceAdded(AuditAction, frozen=True, tag="place.add"):
    """`label`: its first name; `parent`: "" for one that the command line added at the top."""

    kind: str
    label: str
    parent: str


PlaceRenamed = define_action(RecordAction, "PlaceRenamed", "place.rename", __name__)


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


GatewayInvited = define_action(GatewayAction, "GatewayInvited", "gateway.invite", __name__)
BundleMade = define_action(GatewayAction, "BundleMade", "gateway.bundle", __name__)
BundleRevoked = define_action(GatewayAction, "BundleRevoked", "gateway.revoke_bundle", __name__)
GatewayRetired = define_action(GatewayAction, "GatewayRetired", "gateway.retire", __name__)
GatewayReturned = define_action(GatewayAction, "GatewayReturned", "gateway.return", __name__)
GatewayChanged = define_action(RecordAction, "GatewayChanged", "gateway.change", __name__)


class GatewayRevoked(AuditAction, frozen=True, tag="gateway.revoke"):
    keys: int


class KeyAction(AuditAction, frozen=True):
    """`subject`: the gateway's id."""

    key: str


GatewayEnrolled = define_action(KeyAction, "GatewayEnrolled", "gateway.enrol", __name__)
KeyRevoked = define_action(KeyAction, "KeyRevoked", "key.revoke", __name__)


class CaseAction(AuditAction, frozen=True):
    """`subject`: the case number. No entry contains anything about the household."""


HouseholdRegistered = define_action(CaseAction, "HouseholdRegistered", "household.register", __name__)
HouseholdLookedUp = define_action(CaseAction, "HouseholdLookedUp", "household.look_up", __name__)
HouseholdErased = define_action(CaseAction, "HouseholdErased", "household.erase", __name__)
ErasurePostponed = define_action(CaseAction, "ErasurePostponed", "household.postpone", __name__)


class CaseStepTaken(CaseAction, frozen=True, tag="case.step"):
    """`step`: a StepKind; `reason`: a Refusal or an Ending, else ""."""

    step: str
    reason: str = ""


HelpCodeMade = define_action(CaseAction, "HelpCodeMade", "help.code", __name__)


class HelpConfirmed(CaseAction, frozen=True, tag="help.confirm"):
    """`way`: paper or phone."""

    disbursement: str
    way: str


class SheetLookedUp(AuditAction, frozen=True, tag="help.sheet"):
    """`subject`: the disbursement."""


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


ChannelAdded = define_action(ChannelAction, "ChannelAdded", "channel.add", __name__)
ChannelTried = define_action(ChannelAction, "ChannelTried", "channel.try", __name__)
ChannelRemoved = define_action(ChannelAction, "ChannelRemoved", "channel.remove", __name__)


class WebhookAction(AuditAction, frozen=True):
    url: str


class WebhookMade(WebhookAction, frozen=True, tag="webhook.make"):
    events: tuple[str, ...]


class WebhookStopped(WebhookAction, frozen=True, tag="webhook.stop"):
    """`failure`: the receiver's last failure, where this server stopped it; "" where staff did."""

    failure: str = ""


WebhookStarted = define_action(WebhookAction, "WebhookStarted", "webhook.start", __name__)
WebhookSecretChanged = define_action(WebhookAction, "WebhookSecretChanged", "webhook.secret", __name__)
WebhookRemoved = define_action(WebhookAction, "WebhookRemoved", "webhook.remove", __name__)
WebhookTried = define_action(WebhookAction, "WebhookTried", "webhook.try", __name__)


class DeliveryRepeated(WebhookAction, frozen=True, tag="webhook.again"):
    delivery: str


class VolunteersShown(AuditAction, frozen=True, tag="volunteers.show"):
    """`subject`: the id of the shift; `label`: its activity; `count`: people whose names and numbers were shown."""

    label: str
    count: int


class VolunteerLookedUp(AuditAction, frozen=True, tag="volunteer.look_up"):
    """`subject`: the person's id, "" if the number is unknown."""


class VolunteerRegistered(AuditAction, frozen=True, tag="volunteer.register"):
    """At the desk. `subject`: the person's id."""


class LoginCardPrinted(AuditAction, frozen=True, tag="volunteer.login_card"):
    """`subject`: the person's id."""


class LoginCardRevoked(AuditAction, frozen=True, tag="volunteer.login_card_end"):
    """`subject`: the person's id."""


class VolunteersInvited(AuditAction, frozen=True, tag="volunteers.invite"):
    """`subject`: the id of the list; `count`: people who get an invitation."""

    count: int


class InvitationsWithdrawn(AuditAction, frozen=True, tag="volunteers.uninvite"):
    """`subject`: the id of the list; `count`: invitations that nobody had answered."""

    count: int


class VolunteerNumberChanged(AuditAction, frozen=True, tag="volunteer.number"):
    """At the desk. `subject`: the person's id."""


class GuardianConsentEnded(AuditAction, frozen=True, tag="volunteer.guardian_end"):
    """`subject`: the id of the person under 18."""


class VolunteersMerged(AuditAction, frozen=True, tag="volunteers.merge"):
    """`subject`: the id of the merge; `step`: propose, look, approve or decline."""

    step: str


class VolunteerCardChanged(AuditAction, frozen=True, tag="volunteer.card"):
    """`subject`: the card's number; `step`: what was done; `reason`: in the words of who did it."""

    step: str
    reason: str


class ServiceCorrected(AuditAction, frozen=True, tag="volunteer.correct"):
    """`subject`: the id of the new row; `minutes`: what it adds; `reason`: in the words of who did it."""

    minutes: int
    reason: str


class ClaimDecided(AuditAction, frozen=True, tag="volunteer.claim"):
    """`subject`: the id of the sign-up; `step`: confirm or decline; `reason`: in the words of who did it."""

    step: str
    minutes: int
    reason: str


class StaffNumberStated(AuditAction, frozen=True, tag="volunteer.own_number"):
    """`subject`: the account; `volunteers`: the person behind it stated a number of their own."""

    volunteers: bool


class FileDownloaded(AuditAction, frozen=True, tag="file.take"):
    """`subject`: the file's name; `kind`: the list that it contains."""

    kind: str


def _find_actions(names: Mapping[str, object]) -> dict[str, type[AuditAction]]:
    """Return the actions among a module's names that have a stored name, by that name."""
    found = {}
    for each in names.values():
        if isinstance(each, type) and issubclass(each, AuditAction):
            tag = each.__struct_config__.tag
            if isinstance(tag, str) and "." in tag:
                found[tag] = each
    return found


ACTIONS = _find_actions(globals()) | _find_actions(vars(audit_money_actions))


def encode_action(action: AuditAction) -> str:
    return msgspec.json.encode({"version": VERSION, **msgspec.to_builtins(action)}).decode()


def decode_action(details: str) -> AuditAction:
    """Raise msgspec.ValidationError for details of another version or an unknown action."""
    fields: dict[str, Any] = msgspec.json.decode(details)
    if fields.get("version") != VERSION or fields.get("action") not in ACTIONS:
        raise msgspec.ValidationError(f"no known audit action: {details[:80]}")
    return msgspec.convert(fields, ACTIONS[fields["action"]])
