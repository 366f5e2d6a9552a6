"""Staff's page of cards, the sheet of service records, and figures: what they change, and who may see it."""

import io
import sys
from datetime import UTC, date, datetime

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.parts import DrillContext
from central_server.receipts.sealed_data import open_seal
from central_server.store.accounts import audit_trail
from central_server.store.places.places import TOP
from kiosk_ui.paper.certificate import CertificateFacts, CertifiedPlace, certificate_pdf
from kiosk_ui.paper.typesetting import TypesettingUnavailable
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import RunningCentral
from tests.unit.kiosk_ui.printed import printed
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS, log_in
from tests.unit.volunteering.member_phone import Phone
from volunteering.part import PART
from volunteering.rules.public_figures import MIN_PEOPLE, ServiceMonth, publish
from volunteering.rules.service_hours import Grade
from volunteering.store.tables import cards, service_records

CARDS = "/staff/volunteers/cards"


async def test_staff_change_cards_and_correct_hours_with_a_reason(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    now = datetime.now(UTC)
    async with central.database() as database:
        await PART.fill_drill(DrillContext(database, await open_seal(database, central.state, None), COMMUNITY, now))
        async with database.read() as connection:
            earliest = (await connection.execute(select(service_records).order_by(service_records.c.served_on))).first()
            assert earliest is not None
            owned = select(cards.c.number).where(cards.c.person == earliest.person)
            number = (await connection.execute(owned)).scalar_one()
    for role in (Role.staff, Role.admin, Role.viewer):
        other = await log_in(central, session, role)
        for path in (CARDS, f"{CARDS}/{number}", f"{CARDS}/service.xlsx?month=2026-12"):
            assert (await other.open(path)).status == 404, (role, path)
    neighbour = await log_in(central, session, Role.steward, NEIGHBOURS)
    assert (await neighbour.open(f"{CARDS}/{number}")).status == 404
    assert "no card with this number" in (await neighbour.open(f"{CARDS}/find?number={number}")).text()
    desk = await log_in(central, session, Role.steward)
    page = await desk.open(f"{CARDS}/find?number={f'{number}'[:4]}%20{f'{number}'[4:]}")
    assert page.url.endswith(f"/{number}"), page.text()
    assert "演练志愿者" not in (await desk.open(CARDS)).text() + page.text(), "a name"
    csrf = page.html.split('name="csrf" value="')[1][:64]
    one = f"{central.url}{CARDS}/{number}"
    for fields, status in (({"reason": ""}, 422), ({"reason": "核实"}, 200), ({"reason": "again"}, 409)):
        assert (await desk.donor.send(f"{one}/suspend", {"csrf": csrf, **fields})).status == status, fields
    wrong = {"csrf": csrf, "source": earliest.source, "version": "0", "asked": "person", "reason": "早退"}
    for minutes, status in (("", 422), ("481", 422), ("-1", 422), ("30", 200), ("20", 409)):
        answer = await desk.donor.send(f"{one}/correct", wrong | {"minutes": minutes})
        assert answer.status == status, minutes
    assert "早退" in answer.text()
    async with central.database() as database, database.read() as connection:
        rows = service_records.c
        found = await connection.execute(select(rows.minutes).where(rows.source == earliest.source))
        assert sum(found.scalars()) == 30
        entries = [entry.action for _, entry in await audit_trail.page(connection, [TOP])]
    assert [each.name for each in entries if each.name.startswith("volunteer.c")] == [
        "volunteer.correct",
        "volunteer.card",
    ]
    month = f"{earliest.served_on.astimezone(OFFICIAL_TIME):%Y-%m}"
    async with session.get(f"{central.url}{CARDS}/service.xlsx?month={month}&lang=en") as file:
        table = list(load_workbook(io.BytesIO(await file.read())).active.values)
    assert table[0][:4] == ("Name", "Card number", "Activity", "Date")
    assert any(row[8] == 0.5 for row in table[1:]), "the correction is not applied"
    assert all(str(row[0]).startswith("演练志愿者") for row in table[1:])
    figures = (await desk.open("/staff/volunteers/figures")).text()
    assert month in figures
    phone = Phone.new(central.url)
    assert (await phone.open(f"/community/{COMMUNITY}/figures")).status == 200
    await phone.session.close()


def test_the_certificate_says_what_counts_and_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Texts.model_validate({"zh-Hans": "社区大厅", "zh-Hant": "社區大廳", "en": "Hall"})
    facts = CertificateFacts(
        environment=Environment.drill,
        community=place,
        name="陈阿姨",
        card="1234 5678",
        issued_on=date(2026, 12, 3),
        first=date(2026, 1, 2),
        last=date(2026, 11, 30),
        minutes=(("screen", 6001), ("claim", 90)),
        people_served=7,
        places=(CertifiedPlace(place, 12, 6001), CertifiedPlace(None, 1, 90)),
    )
    page = printed(certificate_pdf(facts, (Language.zh_hans, Language.en)))
    assert (page.pages, page.size) == (1, (210, 297))
    for words in (
        "陈阿姨",
        "12345678",
        "101小时31分钟",
        "100小时1分钟",
        "2026年1月2日",
        "Certificateofvolunteer",
        "邻居家中",
        "演练",
    ):
        assert words in page.text, words
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(TypesettingUnavailable, match="beacon-central-pdf"):
        certificate_pdf(facts)


COUNTS = st.integers(0, 9)


@settings(max_examples=150, deadline=None)
@given(COUNTS, COUNTS, st.dictionaries(st.sampled_from(list(Grade)), COUNTS), COUNTS)
def test_no_public_figure_is_about_fewer_than_five_people(
    people: int, returning: int, by_grade: dict[Grade, int], served: int
) -> None:
    minutes = {grade: 60 * count + 7 for grade, count in by_grade.items()}
    public = publish(ServiceMonth(2026, 12, people, min(people, returning), by_grade, minutes, 1, served))
    for value in (public.people, public.returning, public.people_served):
        assert value is None or value >= MIN_PEOPLE
    if public.people is not None and public.returning is not None:
        assert public.people - public.returning not in range(1, MIN_PEOPLE), "the rest can be computed"
    assert all(by_grade[grade] >= MIN_PEOPLE for grade in public.minutes)
