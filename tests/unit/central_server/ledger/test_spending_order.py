"""The money that was published first is spent first, and every fen of a gift is accounted for."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as examples
from hypothesis import settings

from central_server.ledger import merkle_proofs
from central_server.ledger.publication import Publisher
from central_server.ledger.spending_order import SpendingOrder, read_step
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_heads, ledger_lines, money_uses, purses
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.ledger_heads import Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment
from tests.unit.central_server.ledger.test_ledger_steps import published
from tests.unit.central_server.ledger.test_publication import KEY, load_verifier
from tests.unit.central_server.ledger_history import History, gift, histories, line, of_gift
from tests.unit.central_server.ledger_world import HUADA, NOW, charged, gave_back, given


def uses(order: SpendingOrder, *lines: LedgerLine) -> list[tuple[str, str, int]]:
    return [(use.income, use.outflow, use.minor) for use in order.add(read_step(lines))]


def spent(n: int, minor: int, corrects: str = "") -> LedgerLine:
    return line(n, LineKind.disbursed, minor, identity=f"disbursed:{n}", refers=corrects)


def test_the_gift_published_first_is_spent_first() -> None:
    order = SpendingOrder()
    first, second = gift(1, 1, 3000), gift(2, 2, 2000)
    assert uses(order, first) == []
    assert uses(order, second, spent(3, 4000)) == [
        ("received:1", "disbursed:3", 3000),
        ("received:2", "disbursed:3", 1000),
    ]
    assert order.incomes["received:2"].left_minor == 1000


def test_within_a_step_the_leaves_give_the_order_so_that_a_proof_shows_the_place() -> None:
    gifts = [gift(n, n, 1000) for n in range(1, 6)]
    order = SpendingOrder()
    order.add(read_step(reversed(gifts)))
    leaves = merkle_proofs.ordered_leaves(gifts)
    assert [each.line for each in sorted(order.incomes.values(), key=lambda each: each.place)] == [
        each.identity for each in sorted(gifts, key=lambda each: leaves.index(merkle_proofs.line_leaf(each)))
    ]


def test_a_refunded_gift_paid_for_nothing_and_the_next_gift_takes_its_part() -> None:
    order = SpendingOrder()
    first, second, third = (gift(n, n, 1000) for n in (1, 2, 3))
    uses(order, first)
    uses(order, second)
    uses(order, third, spent(4, 1000))
    assert uses(order, of_gift(5, first, LineKind.refund, 1000)) == [
        ("received:1", "disbursed:4", -1000),
        ("received:2", "disbursed:4", 1000),
    ]
    assert uses(order, of_gift(6, third, LineKind.refund, 1000)) == [], "it had not been spent"
    assert order.incomes["received:3"].left_minor == order.used("received:1") == 0


def test_a_fee_is_the_gifts_own_and_what_it_does_not_have_the_others_pay() -> None:
    order = SpendingOrder()
    first, second = gift(1, 1, 1000), gift(2, 2, 1000)
    uses(order, first)
    uses(order, second)
    assert uses(order, of_gift(3, first, LineKind.fee, 6), spent(4, 994)) == [("received:1", "disbursed:4", 994)]
    assert uses(order, of_gift(5, first, LineKind.refund, 1000)) == [
        ("received:1", "disbursed:4", -994),
        ("received:2", "disbursed:4", 994),
        ("received:2", "refund:5", 6),
    ]
    assert uses(order, of_gift(6, second, LineKind.fee, -2), spent(7, 2)) == [("received:2", "disbursed:7", 2)]
    assert uses(order, of_gift(8, first, LineKind.fee, -6), spent(9, 6)) == [("fee:8", "disbursed:9", 6)]


def test_a_correction_gives_money_back_to_the_gifts_that_were_used_last() -> None:
    order = SpendingOrder()
    uses(order, gift(1, 1, 1000))
    uses(order, gift(2, 2, 1000), spent(3, 2000))
    assert uses(order, spent(4, -1500, "disbursed:3")) == [
        ("received:2", "disbursed:3", -1000),
        ("received:1", "disbursed:3", -500),
    ]
    assert uses(order, gift(5, 5, 1000), spent(6, 1600)) == [
        ("received:1", "disbursed:6", 500),
        ("received:2", "disbursed:6", 1000),
        ("received:5", "disbursed:6", 100),
    ]
    with pytest.raises(ValueError, match="more than the purse has"):
        uses(order, spent(7, 1000))


@pytest.mark.thorough
@settings(max_examples=100, deadline=None)
@examples(histories())
def test_the_uses_of_every_history_add_up_to_the_ledger(history: History) -> None:
    """For each gift, for each spending, and with what is left for the published balance; no use of refunded money."""
    steps, _ = published(history)
    order, made, total = SpendingOrder(), dict[tuple[str, str], int](), Sums()
    for step in steps:
        for use in order.add(read_step(step)):
            made[use.income, use.outflow] = made.get((use.income, use.outflow), 0) + use.minor
        total += merkle_proofs.total_sums(step)
        assert sum(each.left_minor for each in order.incomes.values()) == total.balance
    assert all(minor >= 0 for minor in made.values())
    lines = [each for step in steps for each in step]
    for each in lines:
        back = sum(of.amount_minor for of in lines if of.refers == each.identity and of.kind == each.kind)
        if each.kind == LineKind.disbursed and each.amount_minor > 0:
            assert sum(minor for (_, by), minor in made.items() if by == each.identity) == each.amount_minor + back
        if each.kind in (LineKind.paid, LineKind.surplus):
            out = {kind: sum(of.amount_minor for of in lines if of.refers == each.identity and of.kind == kind)
                   for kind in (LineKind.refund, LineKind.fee)}  # fmt: skip
            has = order.used(each.identity) + order.incomes[each.identity].left_minor
            most = each.amount_minor - out[LineKind.refund] + max(0, -out[LineKind.fee])  # a bank may return more fees
            assert has <= most, "no use of refunded money"
            assert has >= each.amount_minor - out[LineKind.refund] - max(0, out[LineKind.fee]) - 2, "nothing is lost"


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@examples(histories())
def test_the_verifier_accepts_the_order_of_every_history(history: History) -> None:
    """It knows the sums of refunds and fees, but not of which gifts."""
    steps, _ = published(history)
    order, total, verifier = SpendingOrder(), Sums(), load_verifier()
    heads, made = dict[int, dict[str, object]](), dict[str, list[dict[str, object]]]()
    for number, step in enumerate(steps, 1):
        for use in order.add(read_step(step)):
            made.setdefault(use.income, []).append({"step": number, "fen": use.minor, "kind": "spent"})
        sums = merkle_proofs.total_sums(step)
        total += sums
        heads[number] = {"step": number, "at": "", "sums": sums.model_dump(), "total": total.model_dump()}
    for number, step in enumerate(steps, 1):
        incomes = read_step(step).incomes
        for place, each in enumerate(incomes):
            left, used = order.incomes[each.identity].left_minor, made.get(each.identity, [])
            proof = {
                "head": {"head": {"payload": json.dumps(heads[number])}},
                "sums": merkle_proofs.line_sums(each).model_dump(),
                "path": [{"side": "left", "sums": merkle_proofs.total_sums(incomes[:place]).model_dump()}],
                "money": {
                    "refunded": 0,
                    "fees": each.amount_minor - left - order.used(each.identity),
                    "left": left,
                    "uses": used,
                },
            }
            verifier.verify_money(proof, heads)


async def spend(database: Database, minor: int, corrects: str = "") -> str:
    async with database.write() as connection:
        n = (await purses.get(connection, HUADA)).lines + 1
        new = replace(spent(n, minor, corrects), secret=f"{n:032x}", at=NOW)
        assert await ledger_lines.add(connection, new)
    return new.identity


async def test_the_stored_order_is_the_same_as_from_the_whole_ledger(database: Database) -> None:
    """Steps read only what they touch; the result does not differ."""
    publisher = Publisher(database, KEY, Environment.drill, lambda: NOW + timedelta(hours=1))
    gifts = await given(database, *[1000] * 6)
    await publisher.publish_waiting()
    first = await spend(database, 3500)
    await publisher.publish_waiting()
    gifts += await given(database, *[500] * 12)
    for attempt in gifts[:7]:
        await charged(database, attempt, 3)
    await publisher.publish_waiting()
    await spend(database, -700, first)
    for attempt in (*gifts[1:5], gifts[9]):
        await gave_back(database, attempt, attempt.amount_minor - 3)
    await publisher.publish_waiting()
    await spend(database, 2000)
    await publisher.publish_waiting()
    whole, made = SpendingOrder(), list[tuple[str, str, int]]()
    async with database.read() as connection:
        for lines in await ledger_heads.steps(connection, HUADA):
            made += [(use.income, use.outflow, use.minor) for use in whole.add(read_step(lines))]
        stored = await money_uses.incomes(connection, whole.incomes.keys())
        paths = [await money_uses.path(connection, f"received:{attempt.id}") for attempt in gifts]
        head = await ledger_heads.newest(connection, HUADA)
    assert {each.line: each for each in stored} == whole.incomes
    assert len(made) > 10
    for attempt, path in zip(gifts, paths, strict=True):
        assert path is not None
        own = [(outflow, minor) for income, outflow, minor in made if income == f"received:{attempt.id}"]
        assert [(use.outflow, use.minor) for use in path.uses] == own
        assert path.amount_minor == attempt.amount_minor
    assert head is not None
    left = Head.model_validate_json(head.content).total.balance
    assert sum(path.left_minor for path in paths if path is not None) == left
    assert [each.refunded_minor for each in paths[1:5] if each is not None] == [997] * 4
    assert [each.spent_minor + each.left_minor for each in paths[1:5] if each is not None] == [0] * 4
