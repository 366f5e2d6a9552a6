"""A made-up history is consistent, is the same for the same seed, and goes only into the empty store of a drill."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from central_server.catalogue.settings_seed import seed_catalogue
from central_server.commands.demo_history import HistoryRefused, record_history
from central_server.demo_families import HELPED, DemoFamilies
from central_server.demo_history import DemoHistory
from central_server.enrolment.gateways import register
from central_server.ledger.help_figures import help_by_project
from central_server.ledger.publication import Publisher
from central_server.public.phone_pages.gift_path import load_path
from central_server.receipts.sealed_data import open_seal
from central_server.settings import Settings
from central_server.state_files import catalogue_key
from central_server.statistics.periods import Span, period_of
from central_server.statistics.report import build_report
from central_server.store.engine.database import Database, open_database
from central_server.store.engine.tables import sequences
from central_server.store.families import cases as case_store
from central_server.store.ledger import ledger_lines, money_uses
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.statistics.figure_filter import FigureScope
from daemonkit.toml import load
from sync_contract.strict_model import Environment
from tests.databases import sqlite_only
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.paths import ROOT
from tests.sqlite import put_database

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
"""Half past noon in Beijing."""
SETTINGS = load(ROOT / "config" / "demo" / "central.toml", Settings)


async def record(database: Database, state: Path, seed: int) -> list[LedgerLine]:
    """Record three months and eight days; return the ledger's lines."""
    device = DeliveringGateway()
    bound = {entry.beacon: entry.project for entry in SETTINGS.bindings}
    gateway = await register(database, device.id, device.public, "huada", "hall", NOW)
    await seed_catalogue(database, SETTINGS.projects, bound, NOW)
    projects = tuple(project for project in SETTINGS.projects if project.permit)
    key, draw = catalogue_key(state), random.Random(seed)
    families = DemoFamilies(await open_seal(database, state, None), "huada", draw)
    history = DemoHistory(database, gateway, projects, next(iter(bound)), "sandbox", key, families, draw)
    await history.record(8, NOW, months=3)
    async with database.read() as connection:
        purses = [await ledger_lines.of_purse(connection, "huada", "drill", project.id) for project in projects]
    return [line for purse in purses for line in purse]


@sqlite_only
async def test_one_seed_makes_one_history_whose_board_ledger_and_figures_agree(
    database: Database, tmp_path: Path
) -> None:
    async with open_database(await put_database(tmp_path / "again.db")) as again:
        first, lines = [await record(each, tmp_path, seed=1) for each in (again, database)]
    amounts = [[(line.kind, line.project, line.amount_minor, line.at) for line in each] for each in (first, lines)]
    assert amounts[0] == amounts[1]
    assert max(line.at for line in lines) < NOW
    received = sum(line.amount_minor for line in lines if line.kind == "paid")
    spent = sum(line.amount_minor for line in lines if line.kind == "disbursed")
    assert 0 < spent < received
    board = await Publisher(database, catalogue_key(tmp_path), Environment.drill, lambda: NOW).board("huada")
    assert sum(chain.head.total.spent for chain in board) == spent
    assert 0 < sum(chain.head.total.given for chain in board) <= received  # fewer than five wait
    async with database.read() as connection:
        (help_,) = (await help_by_project(connection, "drill", "huada", NOW))["elder-lunch"]
        waiting = await case_store.waiting(connection, ["huada"], "drill")
        gifts = [(line, await money_uses.path(connection, line.identity)) for line in lines if line.kind == "paid"]
        used = [(line, path) for line, path in gifts if path is not None]
        of_lunch = [(path.uses[0].at, line) for line, path in used if line.project == "elder-lunch" and path.uses]
        _, oldest = min(of_lunch, key=lambda each: each[0])
        way = await load_path(connection, oldest, 0, NOW)
    assert sum(path.spent_minor for _, path in used) == spent
    assert sum(path.left_minor for _, path in used) == sum(chain.head.total.balance for chain in board)
    assert way.registered_at is not None
    assert way.registered_at < oldest.at, "a gift is registered before it is paid"
    assert [each.times for each in way.reached] == [HELPED], "the slip shows a figure of the board"
    assert [(each.month, each.households) for each in help_.months] == [(f"2026-{n:02}", HELPED) for n in (8, 9, 10)]
    named = [line for line in lines if line.kind == "disbursed" and line.people is None]
    assert help_.fen == sum(line.amount_minor for line in named)
    assert not any(line.outside_permit for line in lines)
    assert [each.count for each in waiting] == [1], "and an urgent one is open"
    await count_all(database)
    week = period_of(Span.week, date(2026, 11, 24))
    async with database.read() as connection:
        report = await build_report(connection, FigureScope(frozenset({"huada"})), week, "drill", NOW)
    paid = [line for line in lines if line.kind == "paid" and week.since <= line.at < week.until]
    assert report.sums["paid"] == len(paid) > 0
    assert report.sums["near_tag"]


async def test_a_history_needs_a_drill_one_gateway_and_an_empty_store(tmp_path: Path) -> None:
    url = await put_database(tmp_path / "central.db")
    real = SETTINGS.site.model_copy(update={"environment": Environment.real})
    with pytest.raises(HistoryRefused, match="for a drill only"):
        await record_history(SETTINGS.model_copy(update={"site": real}), tmp_path, 1, 1)
    with pytest.raises(HistoryRefused, match="exactly one gateway, and there are 0"):
        await record_history(SETTINGS, tmp_path, 1, 1)
    device = DeliveringGateway()
    async with open_database(url) as database:
        await register(database, device.id, device.public, "huada", "hall", NOW)
        async with database.write() as connection:  # as after its first parcel
            counts = {"highest": 1, "highest_before": 0, "stored": 1, "started_at": NOW}
            row = {"gateway": device.id, "epoch": "0" * 16, "community": "huada", **counts}
            await connection.execute(sequences.insert().values(row))
    with pytest.raises(HistoryRefused, match="records already"):
        await record_history(SETTINGS, tmp_path, 2, 1)
