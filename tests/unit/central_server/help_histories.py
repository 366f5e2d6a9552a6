"""Random histories of gifts, refunds, cases, help, corrections and appeals, made by the product's own functions.

Each history is a community of its own, so that many share a database. It is compared with `help_oracle`.
"""

import contextlib
import io
import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.books.charity_totals import Period, load_charity_totals
from central_server.families import cases, help_receipts
from central_server.families.case_rules import CaseRefused, Step, StepKind
from central_server.ledger import spending
from central_server.ledger.help_figures import load_figures
from central_server.ledger.journal import post_fee, post_refund
from central_server.ledger.publication import Publisher, to_public_head
from central_server.ledger.spending import SpendingRefused
from central_server.public.phone_pages.board_page import Board
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import case_steps
from central_server.store.families import cases as case_store
from central_server.store.families import helps
from central_server.store.families.cases import StoredCase
from central_server.store.ledger import ledger_heads, ledger_lines, money_uses, purses, vouchers
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from central_server.store.ledger.vouchers import Voucher
from central_server.store.places.places import plant_community
from sync_contract.ledger_heads import Head, Proof
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.unit.central_server.help_oracle import COIN, FEWEST, Coins, Spending, differences, figures_of, people_of
from tests.unit.central_server.ledger_world import ANY_PAYEE, gave

FIRST = datetime(2026, 1, 5, 4, tzinfo=UTC)
_MONTHS = 4
_PROJECTS = ("lunch", "books")
_KINDS = ("meals", "school")
_VOUCHER = "5a" * 32


@dataclass
class Gift:
    attempt: Attempt
    project: str
    left: int

    @property
    def line(self) -> str:
        return f"received:{self.attempt.id}"


@dataclass
class Life:
    """`balance` and `owed`: fen by project, as the events alone determine them."""

    database: Database
    community: str
    draw: random.Random
    verifier: ModuleType
    now: datetime = FIRST
    gifts: list[Gift] = field(default_factory=list)
    spent: list[Spending] = field(default_factory=list)
    open_cases: list[StoredCase] = field(default_factory=list)
    balance: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PROJECTS, 0))
    observed: list[dict[str, int]] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    """Kinds of lines that were published, and "help"."""

    @property
    def month(self) -> int:
        local = self.now.astimezone(OFFICIAL_TIME)
        return local.year * 12 + local.month - 1

    async def live(self) -> None:
        key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        publisher = Publisher(self.database, key, Environment.drill, lambda: self.now)
        async with self.database.write() as connection:
            await plant_community(connection, self.community, FIRST)
            await vouchers.add(
                connection, Voucher(_VOUCHER, self.community, "application/pdf", 1, b"%PDF", FIRST, "fei")
            )
            await self._cases(connection)
        for number in range(_MONTHS):
            self.now = FIRST + timedelta(days=31 * number)
            async with self.database.write() as connection:
                await self._month(connection)
            for project in _PROJECTS:
                while await publisher.publish((self.community, "drill", project)) is not None:
                    pass
            await self._observe(publisher)
        await self._follow_the_money(publisher)

    async def _cases(self, connection: Connection) -> None:
        """Add cases with and without help; one is refused, and its appeal is decided by a third person."""
        for number in range(12):
            case = StoredCase(
                f"{self.draw.randrange(10**6):06}", self.community, "drill", _KINDS[number % 3 // 2],
                False, "open", None, None, "chen", self.now,
            )  # fmt: skip
            if await case_store.add(connection, case):
                self.open_cases.append(case)
        support = {"kind": StepKind.supported.value, "at": self.now, "seen": True, "reason": ""}
        steps = [{"case": case.number, "by": by} | support for case in self.open_cases for by in ("chen", "lin")]
        await connection.execute(case_steps.insert(), steps)
        case = self.open_cases.pop()
        appealed = replace(case, number=f"{self.draw.randrange(10**8):08}", state="proposed")
        assert await case_store.add(connection, appealed)
        decision = self.draw.choice((StepKind.upheld, StepKind.rejected))
        for kind, by, reason in (
            (StepKind.refused, "lin", "outside_rules"), (StepKind.appealed, "chen", ""), (decision, "wu", ""),
        ):  # fmt: skip
            if kind is decision:
                with pytest.raises(CaseRefused):
                    await cases.take_step(connection, appealed.number, Step(decision, "lin", self.now))
            appealed = await cases.take_step(connection, appealed.number, Step(kind, by, self.now, reason=reason))
        if decision is StepKind.upheld:
            self.open_cases.append(appealed)
        else:
            await self._refused_help(connection, appealed.number)

    async def _refused_help(self, connection: Connection, number: str) -> None:
        with pytest.raises(SpendingRefused, match="cases"):
            await help_receipts.name_cases(connection, self._disbursement("lunch", COIN), number, "goods")

    async def _month(self, connection: Connection) -> None:
        for _ in range(self.draw.randint(3, 9)):
            await self._give(connection)
        events = (self._refund, self._charge, self._spend, self._help, self._help, self._correct)
        for _ in range(self.draw.randint(2, 6)):
            self.now += timedelta(hours=1)
            await self.draw.choice(events)(connection)
        for each in self.spent:
            for case in each.cases:
                if case not in each.confirmed and self.draw.random() < 0.7:
                    (help_,) = [one for one in await helps.of_disbursement(connection, each.id) if one.case == case]
                    await helps.update_help(
                        connection, replace(help_, confirmed_at=self.now, confirmed_by="lin", way="paper")
                    )
                    each.confirmed[case] = self.month

    async def _give(self, connection: Connection) -> None:
        fen = COIN * self.draw.randint(1, 9)
        project = self.draw.choices(_PROJECTS, (3, 1))[0]
        kind = self.draw.choice((LineKind.paid, LineKind.paid, LineKind.transfer, LineKind.cheque))
        attempt = await gave(connection, fen, community=self.community, project=project, kind=kind, at=self.now)
        self.gifts.append(Gift(attempt, project, fen))
        self.balance[project] += fen

    async def _refund(self, connection: Connection) -> None:
        """Refund many at once, so that they can be published, or one."""
        for gift in self._some_gifts():
            fen = self.draw.choice((gift.left, gift.left, COIN))
            await post_refund(connection, gift.attempt, new_id(), fen, evidence="", at=self.now)
            self._take(gift, fen)

    async def _charge(self, connection: Connection) -> None:
        for gift in self._some_gifts():
            await post_fee(connection, gift.attempt, new_id(), COIN, evidence="", at=self.now)
            self._take(gift, COIN)

    def _some_gifts(self) -> list[Gift]:
        project = self.draw.choice(_PROJECTS)
        left = [gift for gift in self.gifts if gift.left and gift.project == project]
        return self.draw.sample(left, min(len(left), self.draw.choice((1, 6, 7))))

    def _take(self, gift: Gift, fen: int) -> None:
        """The bank took it; what exceeds the balance is owed by the organisation."""
        gift.left -= fen
        self.balance[gift.project] = max(0, self.balance[gift.project] - fen)

    def _disbursement(self, project: str, fen: int, people: int | None = None, corrects: str = "") -> Disbursement:
        day = self.now.astimezone(OFFICIAL_TIME).date()
        return Disbursement(
            new_id(), self.community, "drill", project, fen, "CNY", "rice", "kitchen", None if corrects else _VOUCHER,
            day, people, "", corrects or None, "fei", self.now,
        )  # fmt: skip

    async def _approved(self, connection: Connection, one: Disbursement, cases_: str = "") -> None:
        await spending.ask(connection, one, self.now, ANY_PAYEE)
        await help_receipts.name_cases(connection, one, cases_, "goods")
        await spending.approve(connection, one, by="gu", note="", now=self.now, rules=ANY_PAYEE)

    async def _spend(self, connection: Connection) -> None:
        project = self.draw.choice(_PROJECTS)
        if self.balance[project] >= COIN:
            fen = self.draw.randrange(COIN, self.balance[project] + 1, COIN)
            people = self.draw.choice((None, 0, 3, 4, 5, 9, 12))
            one = self._disbursement(project, fen, people)
            await self._approved(connection, one)
            self.spent.append(Spending(one.id, project, self.month, fen, people))
            self.balance[project] -= fen

    async def _help(self, connection: Connection) -> None:
        project, kind = self.draw.choice(_PROJECTS), self.draw.choice(_KINDS)
        fitting = [case.number for case in self.open_cases if case.help == kind]
        if self.balance[project] >= COIN and fitting:
            fen = self.draw.randrange(COIN, self.balance[project] + 1, COIN)
            chosen = tuple(self.draw.sample(fitting, self.draw.randint(1, len(fitting))))
            one = self._disbursement(project, fen)
            await self._approved(connection, one, " ".join(chosen))
            self.spent.append(Spending(one.id, project, self.month, fen, None, kind, chosen))
            self.balance[project] -= fen

    async def _correct(self, connection: Connection) -> None:
        wrong = self.draw.choice(self.spent) if self.spent else None
        if wrong is not None and wrong.left():
            fen = self.draw.randrange(COIN, wrong.left() + 1, COIN)
            people = None if wrong.people is None else self.draw.randint(0, wrong.people_left())
            await self._approved(connection, self._disbursement(wrong.project, fen, people, wrong.id))
            wrong.corrections.append((self.month, fen, people or 0))
            self.balance[wrong.project] += fen

    async def _observe(self, publisher: Publisher) -> None:
        """Read what is public in the month after: every surface shows the same, and what is expected."""
        now = self.now + timedelta(days=31)
        this_month = self.month + 1
        expected = figures_of(self.spent, this_month)
        first = FIRST.astimezone(OFFICIAL_TIME).date().replace(day=1)
        async with self.database.read() as connection:
            figures = await load_figures(connection, "drill", self.community, now)
            period = Period(first, now.astimezone(OFFICIAL_TIME).date())
            totals = await load_charity_totals(connection, [self.community], "drill", period, Language.en, now)
        board = await Board(self.database, Environment.drill).load(self.community, now)
        assert board is not None
        got: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        for each in figures:
            got.setdefault(each.group[1:], []).append((each.month, each.households, each.minor))
        assert got == expected
        seen: dict[str, int] = {}
        for project in _PROJECTS:
            shown = [some for (of, _), some in expected.items() if of == project]
            times = sum(households for some in shown for _, households, _ in some)
            fen = sum(fen for some in shown for *_, fen in some)
            for total in (each for each in totals.totals if each.project == project):
                assert (total.households, total.help) == (times, fen)
                assert total.people == people_of(self.spent, project)
                seen[f"reported {project}"] = total.people
            for published in (each for each in board.projects if each.id == project):
                assert sum(help_.fen for help_ in published.help) == fen
                for help_ in published.help:
                    assert [help_.households] * 3 == [_number(help_.text[language]) for language in Language]
                    seen |= {f"{project} {each.month}": each.households for each in help_.months}
                sums = published.sums
                seen |= {
                    f"{name} {project}": getattr(sums, name) for name in ("gifts", "people", "people_back", "helped")
                }
            seen[f"times {project}"] = times
        seen["times"] = sum(seen[f"times {project}"] for project in _PROJECTS)
        self.observed.append(seen)
        self.published |= {"help"} if seen["times"] else set()
        revealed = differences(self.observed, {name for each in self.observed for name in each})
        assert not {each for each in revealed if 0 < abs(each) < FEWEST}, revealed

    async def _follow_the_money(self, publisher: Publisher) -> None:
        for project in _PROJECTS:
            purse = (self.community, "drill", project)
            async with self.database.read() as connection:
                lines = await ledger_lines.of_purse(connection, *purse)
                steps = await ledger_heads.steps(connection, purse)
                row = await purses.get(connection, purse)
                heads = await ledger_heads.of_purse(connection, purse)
                paths = {line.identity: await money_uses.path(connection, line.identity) for line in lines}
            published = {line.identity for step in steps for line in step}
            self.published |= {line.kind for step in steps for line in step}
            total = Head.model_validate_json(heads[-1].content).total.balance if heads else 0
            waiting = sum(line.signed_minor for line in lines if line.identity not in published)
            assert row.balance_minor == self.balance[project] == total + waiting
            assert row.balance_minor == sum(line.signed_minor for line in lines)
            coins = Coins(self.verifier)
            for step in steps:
                coins.publish(step)
            used = {pair: count * COIN for pair, count in coins.used().items()}
            found: dict[tuple[str, str], int] = {}
            for identity, path in paths.items():
                assert path is None or identity in published
                for use in () if path is None else path.uses:
                    found[identity, use.outflow] = found.get((identity, use.outflow), 0) + use.minor
            assert {pair: fen for pair, fen in found.items() if fen} == used
            assert sum(path.left_minor for path in paths.values() if path is not None) == total
            for identity, path in paths.items():
                if path is not None:
                    assert path.left_minor == coins.free(identity) * COIN
            for gift in self.gifts:
                path = paths.get(gift.line)
                if path is not None and path.refunded_minor == path.amount_minor:
                    assert not any(fen for (owner, _), fen in found.items() if owner == gift.line), "refunded money"
            chain = [json.loads(to_public_head(head, []).model_dump_json()) for head in heads]
            slips = [line for line in lines if line.slip and line.identity in published]
            for line in self.draw.sample(slips, min(len(slips), 2)):
                await self._verify(publisher, line, chain)

    async def _verify(self, publisher: Publisher, line: LedgerLine, chain: list[object]) -> None:
        proof = await publisher.prove(line.secret)
        assert isinstance(proof, Proof)
        read = json.loads(proof.model_dump_json())
        with contextlib.redirect_stdout(io.StringIO()):
            self.verifier.verify(read)
            self.verifier.verify_money(read, self.verifier.follow(chain, read))


def _number(text: str) -> int:
    return int("".join(each for each in text if each.isdigit()))


async def live_through(database: Database, verifier: ModuleType, seed: int) -> set[str]:
    """Return what was published."""
    life = Life(database, f"h{seed}", random.Random(seed), verifier)
    try:
        await life.live()
    except Exception as error:  # any: it only gets the seed as a note
        error.add_note(f"seed {seed}")
        raise
    return life.published
