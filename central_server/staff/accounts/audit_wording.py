"""Word audit entries about accounts, the catalogue, gateways, alerts and programs for their reader."""

from collections.abc import Callable

from central_server.alerts.task_kinds import TaskKind
from central_server.api.webhooks.events import EVENTS
from central_server.staff.accounts import audit_money_wording  # noqa: F401  (registers its functions)
from central_server.staff.accounts.audit_names import Names
from central_server.staff.accounts.audit_reader import ActionWording, AuditReader, describe
from central_server.staff.accounts.audit_titles import LOGIN_REASONS, SECOND_STEPS
from central_server.staff.alerts.task_titles import TASK_TITLES
from central_server.staff.frame.msgid import _
from central_server.store.accounts import audit_actions as actions
from central_server.store.accounts.audit_records import AuditAction, FieldChange
from central_server.store.accounts.audit_trail import AuditEntry
from sync_contract.strict_model import Language

_PLACE_KINDS = {
    "city": _("City"),
    "street": _("Street office"),
    "community": _("Community"),
    "site": _("Site"),
    "grid": _("Grid"),
}
_CHANNELS = {"mail": _("E-mail"), "wecom": _("WeCom group")}
_SCOPES = {
    "read:log": _("the sync log"),
    "read:statistics": _("the statistics"),
    "read:catalogue": _("gateways, beacons and projects"),
}
_FILES = {
    "gifts": _("Gifts"),
    "ledger": _("Ledger"),
    "waiting-gifts": _("Gifts waiting for evidence"),
    "beacons": _("Beacons"),
    "projects": _("Projects"),
    "bindings": _("Bindings"),
    "reconciliation": _("Reconciliation"),
    "service": _("Hours of service"),
    "members": _("Members of a unit"),
}


def entry_describer(
    translate: Callable[[str], str], language: Language, names: Names
) -> Callable[[AuditEntry], ActionWording]:
    """Return the function with which a page words its entries."""
    return lambda entry: describe(entry.action, AuditReader(translate, language, names, entry))


@describe.register
def _account(action: actions.AccountAction, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader)


def _with_account(action: AuditAction, reader: AuditReader, *details: str) -> ActionWording:
    """Omit the subject's name where it is the entry's own account."""
    return ActionWording("" if action.subject == reader.entry.account else action.subject, (), details)


@describe.register
def _logged_in(action: actions.LoggedIn, reader: AuditReader) -> ActionWording:
    words = SECOND_STEPS.get(action.second_step)
    return _with_account(action, reader, *([reader.text(words)] if words else []))


@describe.register
def _login_rejected(action: actions.LoginRejected, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, reader.text(LOGIN_REASONS[action.reason]))


@describe.register
def _sessions_ended(action: actions.SessionsEnded, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, reader.field("sessions", action.count))


@describe.register(actions.AccountLocked)
@describe.register(actions.AddressLocked)
def _locked(action: actions.AccountLocked | actions.AddressLocked, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, reader.field("failures", action.failures))


@describe.register
def _account_added(action: actions.AccountAdded, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, reader.field("role", action.role))


@describe.register
def _role_granted(action: actions.RoleGranted, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, f"{reader.role(action.before)} → {reader.role(action.after)}")


@describe.register
def _role_revoked(action: actions.RoleRevoked, reader: AuditReader) -> ActionWording:
    return _with_account(action, reader, f"{reader.role(action.role)} → {reader.role('')}")


@describe.register(actions.OrganisationAdded)
@describe.register(actions.OrganisationChanged)
def _organisation(action: actions.RecordAction, reader: AuditReader) -> ActionWording:
    name = reader.names.organisation(reader.entry.place, action.subject)
    return reader.subject(name, reader.changes(action.changes))


@describe.register(actions.ProjectAdded)
@describe.register(actions.ProjectChanged)
@describe.register(actions.BindingAction)
def _project(action: actions.RecordAction, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.project(action.subject), reader.changes(action.changes))


@describe.register(actions.BeaconAdded)
@describe.register(actions.BeaconChanged)
@describe.register(actions.BeaconRemoved)
def _beacon(action: actions.RecordAction, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.names.beacons.get(action.subject, ""), reader.changes(action.changes))


@describe.register
def _imported(action: actions.ImportAction, reader: AuditReader) -> ActionWording:
    counted = reader.text(_("added: %(added)s, changed: %(changed)s"), added=action.added, changed=action.changed)
    names = [reader.names.beacons.get(id_) or reader.names.project(reader.entry.place, id_) for id_ in action.ids]
    named = ", ".join(dict.fromkeys(name for name in names if name))
    return ActionWording(action.subject, action.ids, (counted, named) if named else (counted,))


@describe.register
def _place_added(action: actions.PlaceAdded, reader: AuditReader) -> ActionWording:
    kind, parent = reader.text(_PLACE_KINDS[action.kind]), reader.names.places.get(action.parent, action.parent)
    name = reader.names.places.get(action.subject, "") or action.label
    return reader.subject(name, (f"{kind} < {parent}" if parent else kind,))


@describe.register(actions.PlaceRenamed)
@describe.register(actions.ContactChanged)
def _place(action: actions.RecordAction, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.names.places.get(action.subject, ""), reader.changes(action.changes))


@describe.register
def _place_moved(action: actions.PlaceMoved, reader: AuditReader) -> ActionWording:
    before, after = (reader.names.places.get(place, place) for place in (action.before, action.after))
    return reader.subject(reader.names.places.get(action.subject, ""), (f"{before} → {after}",))


@describe.register
def _gateway(action: actions.GatewayAction, reader: AuditReader) -> ActionWording:
    """The label of that time is a detail only where the current name differs from it."""
    name = reader.names.gateways.get(action.subject, "") or action.label
    details = [] if name.endswith(action.label) else [reader.field("label", action.label)]
    if isinstance(action, actions.GatewayAdded):
        details.append(reader.field("place", action.place))
    return reader.subject(name, tuple(details))


@describe.register(actions.GatewayChanged)
def _gateway_changed(action: actions.RecordAction, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.names.gateways.get(action.subject, ""), reader.changes(action.changes))


@describe.register
def _gateway_revoked(action: actions.GatewayRevoked, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.names.gateways.get(action.subject, ""), (reader.field("keys", action.keys),))


@describe.register
def _key(action: actions.KeyAction, reader: AuditReader) -> ActionWording:
    name = reader.names.gateways.get(action.subject, "")
    return ActionWording(name or action.subject, ((action.subject,) if name else ()) + (action.key,))


@describe.register
def _token_made(action: actions.TokenMade, reader: AuditReader) -> ActionWording:
    scopes = ", ".join(reader.text(_SCOPES.get(scope, scope)) for scope in action.scopes)
    days = reader.text(_("valid for %(days)s days"), days=action.days)
    return ActionWording(action.label, (action.subject,), (scopes, days))


@describe.register
def _token_revoked(action: actions.TokenRevoked, reader: AuditReader) -> ActionWording:
    return ActionWording(action.label, (action.subject,))


@describe.register
def _alert(action: actions.AlertAction, reader: AuditReader) -> ActionWording:
    kind = reader.text(TASK_TITLES[TaskKind(action.kind)]) if action.kind in list(TaskKind) else action.kind
    beacon = reader.names.beacons.get(action.beacon, "")
    details: tuple[str, ...] = ()
    match action:
        case actions.AlertTaken(note=note):
            details = (note,) if note else ()
        case actions.AlertReturned(account=account):
            details = (reader.field("account", account),)
        case actions.AlertTakenOver(before=before, after=after):
            details = reader.changes((FieldChange("account", before, after),))
    return ActionWording(" · ".join(each for each in (kind, action.label, beacon) if each), (action.subject,), details)


@describe.register
def _channel(action: actions.ChannelAction, reader: AuditReader) -> ActionWording:
    kind = reader.text(_CHANNELS[action.kind]) if action.kind in _CHANNELS else action.kind
    return ActionWording(f"{kind} {action.address}", (action.subject,))


@describe.register
def _webhook(action: actions.WebhookAction, reader: AuditReader) -> ActionWording:
    ids, details = [action.subject], list[str]()
    match action:
        case actions.WebhookMade(events=events):
            titles = {event.value: words for event, words in EVENTS.items()}
            details = [reader.text(titles[event]) if event in titles else event for event in events]
        case actions.WebhookStopped(failure=failure) if failure:
            details = [reader.text(_("Nothing arrived for five days."))]
            ids.append(failure)
        case actions.DeliveryRepeated(delivery=delivery):
            ids.append(delivery)
    return ActionWording(action.url, tuple(ids), tuple(details))


@describe.register
def _volunteers(action: actions.VolunteersShown, reader: AuditReader) -> ActionWording:
    return ActionWording(action.label, (action.subject,), (f"{action.count}",))


@describe.register
def _invitations(
    action: actions.VolunteersInvited | actions.InvitationsWithdrawn, reader: AuditReader
) -> ActionWording:
    return ActionWording("", (action.subject,), (f"{action.count}",))


_MERGE_STEPS = {
    "propose": _("Proposed"),
    "look": _("Looked at both"),
    "approve": _("Approved by a second person"),
    "decline": _("Declined"),
}


@describe.register
def _merge(action: actions.VolunteersMerged, reader: AuditReader) -> ActionWording:
    return ActionWording(reader.text(_MERGE_STEPS[action.step]), (action.subject,))


_CARD_STEPS = {
    "suspend": _("Suspended"),
    "resume": _("Valid again"),
    "lose": _("Reported lost"),
    "revoke": _("Revoked"),
    "allow_new": _("A new card is allowed"),
}


@describe.register
def _volunteer_card(action: actions.VolunteerCardChanged, reader: AuditReader) -> ActionWording:
    return ActionWording(reader.text(_CARD_STEPS[action.step]), (action.subject,), (action.reason,))


@describe.register
def _service(action: actions.ServiceCorrected, reader: AuditReader) -> ActionWording:
    return ActionWording(f"{action.minutes:+}", (action.subject,), (action.reason,))


_CLAIM_STEPS = {"confirm": _("Confirmed"), "decline": _("Declined")}


@describe.register
def _claim(action: actions.ClaimDecided, reader: AuditReader) -> ActionWording:
    details = (f"{action.minutes}", action.reason) if action.minutes else (action.reason,)
    return ActionWording(reader.text(_CLAIM_STEPS[action.step]), (action.subject,), details)


@describe.register
def _own_number(action: actions.StaffNumberStated, reader: AuditReader) -> ActionWording:
    words = _("A volunteer too") if action.volunteers else _("No volunteer")
    return ActionWording(reader.text(words), (action.subject,))


@describe.register
def _file(action: actions.FileDownloaded, reader: AuditReader) -> ActionWording:
    return reader.subject(reader.text(_FILES[action.kind]) if action.kind in _FILES else "")
