"""Test the kiosk's board, from stored figures."""

from datetime import UTC, datetime, timedelta

from beacon_gateway.kiosk.pages.board import board_view
from beacon_gateway.model.published import BoardFacts, StoredChain
from kiosk_ui.board_views import BAR_HEIGHT, MONTHS, first_month, months
from sync_contract.ledger_heads import NO_HEAD, ChainStatus, Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment
from tests.browser.fake_giving import FakeKiosk, FakeProjects
from tests.unit.beacon_gateway.kiosk.resident import Resident

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
DIGEST = "3f3db46b" * 8


def head(project: str = "elder-lunch", *, at: datetime = NOW, step: int = 1, **sums: int) -> Head:
    moved = Sums(**sums)
    return Head(
        community="huada",
        environment=Environment.drill,
        project=project,
        step=step,
        root=DIGEST,
        sums=moved,
        total=moved,
        at=at,
        previous=NO_HEAD,
    )


def facts(*heads: Head, refused: bool = False, cosigned: int = 0) -> BoardFacts:
    chains = {each.project: StoredChain(each, DIGEST, (each,)) for each in heads}
    return BoardFacts(
        chains, {each: ChainStatus(project=each, step=1, cosigned=cosigned) for each in chains}, NOW, 0, refused
    )


async def test_the_board_works_before_the_first_publication(resident: Resident) -> None:
    page = await resident.get("/board")
    assert resident.status == 200
    assert (page.count("满五笔就公布"), page.count("还没有公布")) == (2, 1), "two projects, and all together"
    assert "¥0" not in page, "a nought that nobody means"
    assert "只作介绍，不收捐款" in page
    assert "还没有与银行对过账" in page


async def test_the_board_shows_the_stored_figures(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.published = facts(head(gifts=7, received=70_000, fees=50, spent=20_050, people=12), cosigned=2)
    page = await resident.get("/board")
    for words in (
        "¥700",
        "¥0.50",
        "¥200.50",
        "¥499",
        ">7<",
        ">12<",
        "2 台机器",
        "3f3d b46b 3f3d",
        "2026年11月27日 12:00",
    ):
        assert words in page, words
    assert 'href="/verify"' in page
    assert "演练" in page
    page = await resident.get("/project/elder-lunch")
    assert 'href="/board?back=/project/elder-lunch#elder-lunch"' in page
    assert 'href="/project/elder-lunch"' in await resident.get("/board?back=/project/elder-lunch")
    assert 'href="/verify?back=%2Fboard%3Fback%3D%2Fproject%2Felder-lunch"' in resident.html
    assert 'href="/board?back=/project/elder-lunch"' in await resident.get(
        "/verify?back=%2Fboard%3Fback%3D%2Fproject%2Felder-lunch"
    )


async def test_figures_that_contradict_are_not_hidden(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.published = facts(head(gifts=7, received=70_000), refused=True)
    assert "数字对不上" in await resident.get("/board")


async def test_a_failed_disk_is_an_error_and_not_an_empty_board(resident: Resident, kiosk: FakeKiosk) -> None:
    kiosk.disk_works = False
    page = await resident.get("/board")
    assert resident.status == 503
    assert "满五笔就公布" not in page


async def test_the_code_leads_to_the_page_where_a_gift_is_looked_up(resident: Resident) -> None:
    page = await resident.get("/verify")
    assert "https://give.example.org/v" in page
    assert "<svg" in page


def test_projects_come_in_the_order_of_the_screen_and_old_ones_last() -> None:
    offered = [project.id for project in FakeProjects().all()]
    result = facts(head("gone", gifts=5, received=1), head(offered[1], gifts=5, received=2))
    shown = board_view(result, FakeProjects(), NOW, verify="")
    assert [each.id for each in shown.projects] == [*offered, "gone"]
    assert shown.projects[-1].title is None
    assert shown.total.received == sum(each.sums.received for each in shown.projects)


def test_months_are_counted_in_beijing_and_only_the_last_twelve() -> None:
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # 00:30 on New Year's Day
    steps = [
        head(at=new_year - timedelta(hours=1), gifts=5, received=400),
        head(at=new_year, gifts=5, received=1000, spent=500),
        head(at=first_month(new_year) - timedelta(seconds=1), gifts=5, received=10**9),
    ]
    found = months(steps, new_year)
    assert len(found) == MONTHS
    assert (found[0].year, found[0].month) == (2026, 2)
    last, before = found[-1], found[-2]
    assert (last.year, last.month, last.given, last.used) == (2027, 1, 1000, 500)
    assert (before.year, before.month, before.given) == (2026, 12, 400)
    assert (last.given_bar, last.used_bar, before.used_bar) == (BAR_HEIGHT, BAR_HEIGHT // 2, 0)


def test_a_month_with_more_refunds_than_gifts_has_no_bar() -> None:
    (*_, last) = months([head(refunded=500)], NOW)
    assert (last.given, last.given_bar) == (0, 0)
