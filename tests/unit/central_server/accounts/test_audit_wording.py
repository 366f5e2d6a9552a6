"""Whoever reads the audit trail is no engineer: each deed, what it was done to, and each detail of it are words."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import central_server
from central_server.alerts.tasks import Matter
from central_server.catalogue import records
from central_server.staff.accounts.audit_actions import DEEDS, REASONS
from central_server.staff.accounts.audit_entry import Told
from central_server.staff.accounts.audit_names import Names
from central_server.staff.accounts.audit_wording import teller
from central_server.staff.alerts.alert_titles import MATTERS
from central_server.staff.donations import refunds_page
from central_server.staff.donations.gift_wording import NOT_POSSIBLE
from central_server.staff.frame.field_wording import NAMES, VALUES
from central_server.staff.frame.record_editor import changes
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.ledger import disbursements_page
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.donations.refunds import StoredRefund
from central_server.store.ledger.disbursements import Disbursement
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TEMPLATES = StaffTemplates(
    environment=Environment.drill, site=Texts.model_validate({"zh-Hans": "站", "zh-Hant": "站", "en": "Site"})
)
GATEWAY, ID, OTHER_ID, KEY = "0123456789abcdef", "a" * 32, "b" * 32, "fedcba9876543210"
BEACON = "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0/1/2"
NAMED = Names(
    places={"huada": "华大社区", "licheng": "鲤城街道", "hall": "大厅东侧"},
    gateways={GATEWAY: "华大社区 · 大厅"},
    projects={("huada", "lunch"): "长者午餐", ("licheng", "books"): "图书角"},
    organisations={("huada", "fund"): "慈善会"},
    beacons={BEACON: "东墙", ID: "义工卡"},
    webhooks={ID: "https://erp.example.org/in"},
    behind={ID: ("huada", "lunch")},
)
WRITTEN = (
    ("session.begin", "chen", "password, code"),
    ("session.refuse", "chen", "wrong password"),
    ("session.end", "chen", ""),
    ("sessions.end", "chen", "sessions: 3"),
    ("address.lock", "203.0.113.7", "failures: 30"),
    ("account.lock", "chen", "failures: 5"),
    ("account.unlock", "lin", ""),
    ("account.add", "lin", "role: viewer"),
    ("account.disable", "lin", ""),
    ("account.enable", "lin", ""),
    ("role.grant", "lin", "– → finance"),
    ("role.revoke", "lin", "admin → –"),
    ("password.refuse", "chen", ""),
    ("password.change", "chen", ""),
    ("password.reset", "lin", ""),
    ("factor.begin", "chen", ""),
    ("factor.enrol", "chen", ""),
    ("factor.refuse", "chen", ""),
    ("factor.remove", "chen", ""),
    ("factor.reset", "lin", ""),
    ("organisation.add", "fund", "place:  → huada\nid:  → fund\nname:  → 慈善会\nown_site:  → yes"),
    ("organisation.change", "fund", "about_zh_hans: 旧 → 新\ncertificate_until: 2026-01-01 → 2027-01-01"),
    ("project.add", "lunch", "title_en:  → 午\nwithdrawn:  → \norganisation:  → fund\namounts_yuan:  → 10 30"),
    ("project.change", "lunch", "picture: – → 0123456789ab"),
    ("beacon.add", BEACON, f"kind:  → place\ngateway:  → {GATEWAY}\nplace:  → hall\nmeasured_power:  → -59"),
    ("beacon.change", ID, "kind: person → place\nlabel: 东墙 → 西墙\ntag_class:  → \ngroups: 甲 → 乙"),
    ("beacon.remove", BEACON, "comment: 坏了 → "),
    (
        "binding.add",
        "lunch",
        "target:  → every\nproject:  → lunch\nweekdays:  → 126\nzone:  → near\nwhile_needed:  → yes",
    ),
    ("binding.change", "lunch", "hours: 10:00-13:30 → 11:00-13:00\npriority: 0 → 5\ntarget: beacon → group"),
    ("binding.remove", "lunch", "since: 2026-01-01 → \nuntil: 2026-02-01 → "),
    ("beacons.import", "beacons", f"信标.csv: +3 ~0 {BEACON} {ID}"),
    ("projects.import", "projects", "项目.xlsx: +0 ~2 lunch books"),
    ("bindings.import", "bindings", "绑定.csv: +1 ~1 lunch"),
    ("place.add", "hall", "site: 大厅东侧 < huada"),
    ("place.rename", "huada", "zh-Hans: 华大 → 华大社区; en: 甲 → 乙"),
    ("place.move", "huada", "licheng → huada"),
    ("place.contact", "huada", "phone: – → 0595-1234; holder zh-Hant: – → 黨支部; hours en: – → 甲"),
    ("refund.ask", ID, f"12.50 CNY of {OTHER_ID}"),
    ("refund.approve", ID, "12.50 CNY, asked for by chen"),
    ("refund.decline", ID, "12.50 CNY, asked for by chen"),
    ("refund.refuse", ID, "same_person"),
    ("gateway.add", GATEWAY, "label: 大厅; place: hall"),
    ("gateway.invite", GATEWAY, "label: 大厅"),
    ("gateway.enrol", GATEWAY, f"key: {KEY}"),
    ("gateway.revoke", GATEWAY, "keys: 2"),
    ("gateway.change", GATEWAY, "label: 大厅 → 门口; place: huada → hall"),
    ("gateway.retire", GATEWAY, "label: 大厅"),
    ("gateway.return", GATEWAY, "label: 大厅"),
    ("key.revoke", GATEWAY, f"key: {KEY}"),
    ("difference.settle", f"theirs_only {ID}", "银行已说明"),
    ("difference.post", f"refund_unknown {ID}", "-1250"),
    ("difference.came", "17", "2026-11-24"),
    ("statement.take", "unionpay 2026-11-24", "对账.zip"),
    ("statement.download", "unionpay 2026-11-24", "对账.zip"),
    ("evidence.import", "凭据.xlsx", "12"),
    ("disclosure.note", "lunch", "2026-12-01: 2026-11-20 公告栏 已张贴"),
    ("disclosure.correct", "lunch", "2026-12-01: 日期写错"),
    ("books.totals", "drill", "2026-01-01 2026-06-30"),
    ("books.project", "lunch", "huada, licheng"),
    ("receipt.download", "", "5"),
    ("receipt.issue", ID, "闽-001"),
    ("receipt.forget", ID, ""),
    ("disbursement.ask", ID, "¥1,200.50 lunch: 买菜 (菜市场)"),
    ("disbursement.approve", ID, "¥300 lunch: 结余 (to books)"),
    ("disbursement.decline", ID, "¥300 lunch: 结余 (to books)"),
    ("disbursement.correct", ID, f"\N{MINUS SIGN}¥300 lunch: 写错 (corrects {OTHER_ID})"),
    ("month.lock", "2026-10", "real"),
    ("token.make", ID, "看板: read:log read:statistics, 90 d"),
    ("token.revoke", ID, "看板"),
    ("alert.take", f"silent_beacon {GATEWAY} {BEACON}", "明天去看"),
    ("alert.back", f"late {GATEWAY}", "account: chen"),
    ("alert.over", f"late {GATEWAY}", "account: chen → lin"),
    ("channel.add", ID, "wecom …9a8b"),
    ("channel.try", ID, "mail …9a8b"),
    ("channel.remove", ID, "wecom …9a8b"),
    ("file.take", "gifts-2026-11-24.csv", ""),
    ("webhook.make", ID, "https://erp.example.org/in donation.paid gateway.late"),
    ("webhook.stop", ID, "answered 500"),
    ("webhook.start", ID, "https://erp.example.org/in"),
    ("webhook.secret", ID, "https://erp.example.org/in"),
    ("webhook.remove", ID, "https://erp.example.org/in"),
    ("webhook.again", ID, OTHER_ID),
    ("webhook.try", ID, "https://erp.example.org/in"),
)
"""A line of every deed, as the program writes it."""
_THEIRS = re.compile(
    r"chen|lin|https://erp\.example\.org/in|[^ ]+\.(?:csv|xlsx|zip)|UUID|Major|Minor|dBm|English|\b9a8b"
)
"""What people typed themselves, and what is called so in every language."""


def read(action: str, subject: str, detail: str, language: Language) -> Told:
    line = AuditLine("chen", "huada", action, subject, detail, NOW)
    return teller(TEMPLATES.words(language), language, NAMED)(line)


def test_every_deed_has_words_in_each_language_and_a_line_here() -> None:
    assert {action for action, _, _ in WRITTEN} == DEEDS.keys()
    for words in (*DEEDS.values(), *REASONS.values(), *MATTERS.values(), *NOT_POSSIBLE.values()):
        for language in (Language.zh_hans, Language.zh_hant):
            assert TEMPLATES.words(language)(words) != words
    assert MATTERS.keys() == set(Matter)


@pytest.mark.parametrize(("action", "subject", "detail"), WRITTEN, ids=[action for action, _, _ in WRITTEN])
@pytest.mark.parametrize("language", [Language.zh_hans, Language.zh_hant])
def test_no_code_is_left_in_a_line(action: str, subject: str, detail: str, language: Language) -> None:
    it = read(action, subject, detail, language)
    shown = _THEIRS.sub("", " ".join((it.name, *it.details)))
    assert not re.search(r"[A-Za-z]{2,}|[0-9a-f]{12,}", shown), shown
    whole = " ".join((it.name, *it.details, *it.ids))
    if detail and action not in ("gateway.invite", "gateway.retire", "gateway.return"):
        assert it.details or it.name, whole  # nothing is left out


@pytest.mark.parametrize(
    ("action", "subject", "detail", "expected"),
    [
        (
            "beacons.import",
            "beacons",
            f"信标.csv: +3 ~0 {BEACON}",
            Told("信标.csv", (BEACON,), ("新增 3，更改 0", "东墙")),
        ),
        ("refund.ask", ID, f"12.50 CNY of {OTHER_ID}", Told("长者午餐", (ID, OTHER_ID), ("¥12.50",))),
        (
            "refund.approve",
            ID,
            "12.50 CNY, asked for by chen",
            Told("长者午餐", (ID,), ("¥12.50", "申请人：chen")),
        ),
        (
            "disbursement.approve",
            ID,
            "¥300 lunch: 结余 (to books)",
            Told("长者午餐", (ID,), ("¥300 · 结余", "转给项目：图书角")),
        ),
        ("role.grant", "lin", "– → finance", Told("lin", (), ("– → 财务",))),
        ("token.make", ID, "看板: read:log, 90 d", Told("看板", (ID,), ("同步日志", "有效 90 天"))),
        ("gateway.invite", GATEWAY, "label: 大厅", Told("华大社区 · 大厅", (GATEWAY,), ())),
        ("gateway.invite", GATEWAY, "label: 旧名", Told("华大社区 · 大厅", (GATEWAY,), ("名称：旧名",))),
        ("gateway.invite", KEY, "label: 旧名", Told("旧名", (KEY,), ())),
        ("gateway.enrol", GATEWAY, f"key: {KEY}", Told("华大社区 · 大厅", (GATEWAY, KEY), ())),
        ("alert.take", f"late {GATEWAY}", "", Told("没有消息 · 华大社区 · 大厅", (GATEWAY,), ())),
        ("project.change", "gone", "withdrawn:  → yes", Told("gone", (), ("已撤下：否 → 是",))),
    ],
)
def test_a_thing_is_called_by_its_name_and_its_id_is_beside(
    action: str, subject: str, detail: str, expected: Told
) -> None:
    assert read(action, subject, detail, Language.zh_hans) == expected


def test_what_no_program_of_ours_wrote_stays_as_it_is() -> None:
    assert read("token.make", ID, "odd", Language.en) == Told("odd", (ID,), ())
    assert read("moon.land", "here", "so: it is", Language.en) == Told("here", (), ("so: it is",))
    assert read("difference.settle", "of_old", "why", Language.en).details == ("why",)
    assert read("disbursement.ask", ID, "once", Language.en).details == ("once",)


def test_what_the_pages_write_is_what_is_read_here() -> None:
    money = ("huada", "drill", "lunch")
    refund = StoredRefund(ID, OTHER_ID, *money, 1250, "CNY", "two", "requested", "chen", NOW)
    spent = Disbursement(
        ID, *money, 120050, "CNY", "买菜", "菜市场", None, NOW.date(), 3, "", None, "chen", NOW
    )  # fmt: skip
    written = {
        "refund.approve": refunds_page._detail(refund),
        "disbursement.ask": disbursements_page._detail(spent),
        "disbursement.approve": disbursements_page._detail(
            replace(spent, amount_minor=30000, purpose="结余", to_project="books")
        ),
        "binding.remove": changes({"since": "2026-01-01", "until": "2026-02-01"}, {}),
    }
    assert written.items() <= {action: detail for action, _, detail in WRITTEN}.items()


def test_every_field_of_a_record_has_a_name() -> None:
    fields = {*records.ORGANISATION, *records.PROJECT, *records.BEACON, *records.BINDING}
    plain = {re.sub(r"_(zh_hans|zh_hant|en)$", "", field) for field in fields}
    assert plain <= NAMES.keys()
    assert VALUES.keys() <= NAMES.keys()


def _written(tree: ast.AST) -> Iterator[str]:
    """The deeds that a program of ours writes: `did("noun.verb", …)`, `AuditLine(…, "noun.verb", …)`, and what is put
    together elsewhere looks the same.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = {"did": 0, "AuditLine": 2, "_did": 3}.get(called)
            if at is not None and len(node.args) > at and isinstance(deed := node.args[at], ast.Constant):
                yield str(deed.value)
            if called in ("wrong_secret", "_failed"):
                yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant) and each.value)


def test_every_deed_that_is_written_is_known() -> None:
    found: set[str] = set()
    for path in Path(central_server.__file__).parent.rglob("*.py"):
        found |= set(_written(ast.parse(path.read_text())))
    assert len(found) > 50
    assert found <= DEEDS.keys()
