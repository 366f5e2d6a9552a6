"""Audit entries are stored as versioned JSON and worded without codes in every language."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from central_server.alerts.task_kinds import TaskKind
from central_server.catalogue import records
from central_server.staff.accounts.audit_names import Names
from central_server.staff.accounts.audit_reader import ActionWording
from central_server.staff.accounts.audit_titles import LOGIN_REASONS, SECOND_STEPS, TITLES
from central_server.staff.accounts.audit_wording import entry_describer
from central_server.staff.alerts.task_titles import TASK_TITLES
from central_server.staff.donations.gift_wording import NOT_POSSIBLE
from central_server.staff.frame.field_wording import NAMES, VALUES
from central_server.staff.frame.render import StaffTemplates
from central_server.store.accounts import audit_actions as actions
from central_server.store.accounts import audit_money_actions as money
from central_server.store.accounts.audit_actions import ACTIONS, decode_action, encode_action
from central_server.store.accounts.audit_records import AuditAction, FieldChange, changed_fields
from central_server.store.accounts.audit_trail import AuditEntry
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TEMPLATES = StaffTemplates(
    environment=Environment.drill, site=Texts.model_validate({"zh-Hans": "站", "zh-Hant": "站", "en": "Site"})
)
GATEWAY, ID, OTHER_ID, KEY = "0123456789abcdef", "a" * 32, "b" * 32, "fedcba9876543210"
BEACON = "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0/1/2"
HOOK = "https://erp.example.org/in"
NAMED = Names(
    places={"huada": "华大社区", "licheng": "鲤城街道", "hall": "大厅东侧"},
    gateways={GATEWAY: "华大社区 · 大厅"},
    projects={("huada", "lunch"): "长者午餐", ("licheng", "books"): "图书角"},
    organisations={("huada", "fund"): "慈善会"},
    beacons={BEACON: "东墙", ID: "义工卡"},
    payments={ID: ("huada", "lunch")},
)


def fields(**after: str) -> tuple[FieldChange, ...]:
    return changed_fields({}, after)


ORGANISATION = fields(place="huada", id="fund", name="慈善会", own_site="yes", about_zh_hans="新")
PROJECT = fields(title_en="午", organisation="fund", amounts_yuan="10 30", picture="0123456789ab")
WALL = fields(kind="place", gateway=GATEWAY, place="hall", measured_power="-59", groups="甲")
BINDING = fields(target="every", project="lunch", weekdays="126", zone="near", while_needed="yes", hours="11:00-13:00")
ORGANISATION_FIELDS = {"place", "id", "name", "about", "certificate", "certificate_until", "platform_url", "own_site"}
SPENT = (ID, "lunch", 120050, "买菜", "菜市场")
EXAMPLES: tuple[AuditAction, ...] = (
    actions.LoggedIn("chen", "given"),
    actions.LoginRejected("chen", "wrong_password"),
    actions.FailuresUnlisted("chen"),
    actions.LoggedOut("chen"),
    actions.SessionsEnded("chen", 3),
    actions.AddressLocked("203.0.113.7", 30),
    actions.AccountLocked("chen", 5),
    actions.AccountUnlocked("lin"),
    actions.AccountAdded("lin", "viewer"),
    actions.AccountDisabled("lin"),
    actions.AccountConfirmed("lin"),
    actions.AccountEnabled("lin"),
    actions.RoleGranted("lin", "", "finance"),
    actions.RoleRevoked("lin", "admin"),
    actions.PasswordRejected("chen"),
    actions.PasswordChanged("chen"),
    actions.PasswordReset("lin"),
    actions.FactorSetUpStarted("chen"),
    actions.FactorEnrolled("chen"),
    actions.CodeRejected("chen"),
    actions.FactorRemoved("chen"),
    actions.FactorReset("lin"),
    actions.OrganisationAdded("fund", ORGANISATION),
    actions.OrganisationChanged("fund", fields(certificate_until="2027-01-01")),
    actions.ProjectAdded("lunch", PROJECT),
    actions.ProjectChanged("lunch", fields(withdrawn="yes")),
    actions.BeaconAdded(BEACON, WALL),
    actions.BeaconChanged(ID, fields(kind="person", label="西墙")),
    actions.BeaconRemoved(BEACON, fields(comment="坏了")),
    actions.BindingAdded("lunch", BINDING),
    actions.BindingChanged("lunch", fields(priority="5", target="group")),
    actions.BindingRemoved("lunch", fields(since="2026-01-01", until="2026-02-01")),
    actions.BeaconsImported("信标.csv", 3, 0, (BEACON, ID)),
    actions.ProjectsImported("项目.xlsx", 0, 2, ("lunch", "books")),
    actions.BindingsImported("绑定.csv", 1, 1, ("lunch",)),
    actions.PlaceAdded("hall", "site", "大厅东侧", "huada"),
    actions.PlaceRenamed("huada", (FieldChange("zh-Hans", "华大", "华大社区"),)),
    actions.PlaceMoved("huada", "licheng", "huada"),
    actions.ContactChanged("huada", fields(phone="0595-1234", holder_zh_hant="黨支部", hours_en="甲")),
    money.RefundRequested(ID, 1250, "CNY", OTHER_ID),
    money.RefundApproved(ID, 1250, "CNY", "chen"),
    money.RefundDeclined(ID, 1250, "CNY", "chen"),
    money.RefundRejected(ID, "same_person"),
    actions.GatewayAdded(GATEWAY, "大厅", "hall"),
    actions.GatewayInvited(GATEWAY, "大厅"),
    actions.BundleMade(GATEWAY, "大厅"),
    actions.BundleRevoked(GATEWAY, "大厅"),
    actions.GatewayEnrolled(GATEWAY, KEY),
    actions.GatewayRevoked(GATEWAY, 2),
    actions.GatewayChanged(GATEWAY, (FieldChange("place", "huada", "hall"),)),
    actions.GatewayRetired(GATEWAY, "大厅"),
    actions.GatewayReturned(GATEWAY, "大厅"),
    actions.KeyRevoked(GATEWAY, KEY),
    money.DifferenceSettled(ID, "theirs_only", "银行已说明"),
    money.DifferencePosted(ID, "refund_unknown", -1250),
    money.MissedPaymentFound("17", "2026-11-24"),
    money.StatementUploaded("unionpay", "2026-11-24", "对账.zip"),
    money.StatementDownloaded("unionpay", "2026-11-24", "对账.zip"),
    money.EvidenceImported("凭据.xlsx", 12, "甲"),
    money.DisclosureNoted("lunch", "2026-12-01", "2026-11-20", "公告栏", "已张贴"),
    money.DisclosureCorrected("lunch", "2026-12-01", "日期写错"),
    money.TotalsDownloaded("drill", "2026-01-01", "2026-06-30"),
    money.BooksDownloaded("lunch", ("huada", "licheng")),
    actions.HouseholdRegistered("482913"),
    actions.HouseholdLookedUp("482913"),
    actions.VolunteersShown("0190", "送餐", 3),
    actions.VolunteerLookedUp("0191"),
    actions.VolunteerRegistered("0191"),
    actions.LoginCardPrinted("0191"),
    actions.LoginCardRevoked("0191"),
    actions.VolunteerNumberChanged("0191"),
    actions.GuardianConsentEnded("0191"),
    actions.VolunteersMerged("0194", "approve"),
    actions.VolunteersInvited("0193", 120),
    actions.InvitationsWithdrawn("0193", 80),
    actions.VolunteerCardChanged("12345678", "suspend", "核实"),
    actions.ServiceCorrected("0192", -30, "早退"),
    actions.ClaimDecided("0193", "confirm", 90, "在门口看到"),
    actions.StaffNumberStated("clerk", volunteers=True),
    actions.HouseholdErased("482913"),
    actions.ErasurePostponed("482913"),
    actions.CaseStepTaken("482913", "refused", "outside_area"),
    actions.HelpCodeMade("482913"),
    actions.HelpConfirmed("482913", ID, "phone"),
    actions.SheetLookedUp(ID),
    money.ReceiptsDownloaded("", 5),
    money.ReceiptIssued(ID, "闽-001"),
    money.DonorForgotten(ID),
    money.RemittanceEntered(ID, "transfer", 1200050, "2026-8842"),
    money.RemittanceConfirmed(ID, "cheque", 1200050, "2026-8842"),
    money.RemittanceDeclined(ID, "cheque", 1200050, "2026-8842"),
    money.DisbursementRequested(*SPENT),
    money.DisbursementApproved(*SPENT, to_project="books"),
    money.DisbursementDeclined(*SPENT),
    money.DisbursementCorrected(*SPENT, corrects=OTHER_ID),
    money.MonthLocked("2026-10", "real"),
    actions.TokenMade(ID, "看板", ("read:log", "read:statistics"), 90),
    actions.TokenRevoked(ID, "看板"),
    actions.AlertTaken(f"{GATEWAY} {BEACON}", "silent_beacon", "大厅", BEACON, "明天去看"),
    actions.AlertReturned(GATEWAY, "late", "大厅", "", "chen"),
    actions.AlertTakenOver(GATEWAY, "late", "大厅", "", "chen", "lin"),
    actions.ChannelAdded(ID, "wecom", "…9a8b"),
    actions.ChannelTried(ID, "mail", "…9a8b"),
    actions.ChannelRemoved(ID, "wecom", "…9a8b"),
    actions.FileDownloaded("gifts-2026-11-24.csv", "gifts"),
    actions.WebhookMade(ID, HOOK, ("donation.paid", "gateway.late")),
    actions.WebhookStopped(ID, HOOK, "answered 500"),
    actions.WebhookStarted(ID, HOOK),
    actions.WebhookSecretChanged(ID, HOOK),
    actions.WebhookRemoved(ID, HOOK),
    actions.WebhookTried(ID, HOOK),
    actions.DeliveryRepeated(ID, HOOK, OTHER_ID),
)
_TYPED = re.compile(
    r"chen|lin|https://erp\.example\.org/in|[^ ]+\.(?:csv|xlsx|zip)|UUID|Major|Minor|dBm|English|\b9a8b"
)
"""Text that people typed, and names that are the same in every language."""


def worded(action: AuditAction, language: Language) -> ActionWording:
    entry = AuditEntry("chen", "huada", action, NOW)
    return entry_describer(TEMPLATES.words(language), language, NAMED)(entry)


def test_every_action_has_an_example_and_a_translated_title() -> None:
    assert {action.name for action in EXAMPLES} == TITLES.keys() == ACTIONS.keys()
    titles = (TITLES, LOGIN_REASONS, SECOND_STEPS, TASK_TITLES, NOT_POSSIBLE)
    for words in [text for table in titles for text in table.values()]:
        for language in (Language.zh_hans, Language.zh_hant):
            assert TEMPLATES.words(language)(words) != words
    assert TASK_TITLES.keys() == set(TaskKind)


@pytest.mark.parametrize("action", EXAMPLES, ids=lambda action: action.name)
def test_an_action_is_stored_as_json_and_worded_without_codes(action: AuditAction) -> None:
    assert decode_action(encode_action(action)) == action
    for language in (Language.zh_hans, Language.zh_hant):
        wording = worded(action, language)
        text = _TYPED.sub("", " ".join((wording.name, *wording.details)))
        assert not re.search(r"[A-Za-z]{2,}|[0-9a-f]{12,}", text), text
        if len(action.__struct_fields__) > 1 and not isinstance(action, actions.GatewayAction):
            assert wording.details or wording.name, "no field is left out"


def test_details_of_another_version_are_rejected() -> None:
    for details in ('{"version":2,"action":"session.end","subject":"x"}', '{"version":1,"action":"moon.land"}'):
        with pytest.raises(msgspec.ValidationError):
            decode_action(details)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            actions.BeaconsImported("信标.csv", 3, 0, (BEACON,)),
            ActionWording("信标.csv", (BEACON,), ("新增 3，更改 0", "东墙")),
        ),
        (
            money.RefundRequested(ID, 1250, "CNY", OTHER_ID),
            ActionWording("长者午餐", (ID, OTHER_ID), ("¥12.50",)),
        ),
        (
            money.RefundApproved(ID, 1250, "CNY", "chen"),
            ActionWording("长者午餐", (ID,), ("¥12.50", "申请人：chen")),
        ),
        (
            money.DisbursementApproved(ID, "lunch", 30000, "结余", "", to_project="books"),
            ActionWording("长者午餐", (ID,), ("¥300 · 结余", "转给项目：图书角")),
        ),
        (
            money.DisbursementCorrected(ID, "lunch", -30000, "写错", "", corrects=OTHER_ID),
            ActionWording("长者午餐", (ID, OTHER_ID), ("\N{MINUS SIGN}¥300 · 写错", "更正先前的一笔")),
        ),
        (actions.RoleGranted("lin", "", "finance"), ActionWording("lin", (), ("– → 财务",))),
        (
            actions.TokenMade(ID, "看板", ("read:log",), 90),
            ActionWording("看板", (ID,), ("同步日志", "有效 90 天")),
        ),
        (actions.GatewayInvited(GATEWAY, "大厅"), ActionWording("华大社区 · 大厅", (GATEWAY,))),
        (actions.GatewayInvited(GATEWAY, "旧名"), ActionWording("华大社区 · 大厅", (GATEWAY,), ("名称：旧名",))),
        (actions.GatewayInvited(KEY, "旧名"), ActionWording("旧名", (KEY,))),
        (actions.GatewayEnrolled(GATEWAY, KEY), ActionWording("华大社区 · 大厅", (GATEWAY, KEY))),
        (
            actions.AlertTaken(f"{GATEWAY} {BEACON}", "silent_beacon", "大厅", BEACON, ""),
            ActionWording("信标没有信号 · 大厅 · 东墙", (f"{GATEWAY} {BEACON}",)),
        ),
        (
            actions.ProjectChanged("gone", fields(withdrawn="yes")),
            ActionWording("gone", (), ("已撤下：否 → 是",)),
        ),
    ],
)
def test_a_record_has_its_name_and_its_id_is_separate(action: AuditAction, expected: ActionWording) -> None:
    assert worded(action, Language.zh_hans) == expected


def test_every_field_of_a_record_has_a_name() -> None:
    columns = {*ORGANISATION_FIELDS, *records.PROJECT, *records.BEACON, *records.BINDING}
    plain = {re.sub(r"_(zh_hans|zh_hant|en)$", "", field) for field in columns}
    assert plain <= NAMES.keys()
    assert VALUES.keys() <= NAMES.keys()
