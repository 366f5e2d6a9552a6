"""Boots from which gateways reported are bounded by number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from central_server.enrolment.gateways import register
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports
from central_server.store.enrolment.gateway_reports import Report
from tests.fakes.delivering_gateway import DeliveringGateway

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


async def test_the_oldest_boots_of_a_gateway_are_deleted_beyond_the_limit(database: Database) -> None:
    hostile, other = DeliveringGateway(), DeliveringGateway()
    for each in (hostile, other):
        await register(database, each.id, each.public, "huada", "Hall", NOW)
    report = Report(
        hostile.id,
        "huada",
        NOW,
        60,
        "proved",
        NOW,
        "up",
        "on",
        None,
        "1",
        "",
        False,
        0,
        0,
        0,
        1,
        True,
        0,
        60,
        "0" * 16,
        "",
        1,
    )

    async def took(number: int, gateway: DeliveringGateway = hostile) -> bool:
        at = NOW + timedelta(minutes=number)
        async with database.write() as connection:
            return await gateway_reports.store(
                connection, replace(report, gateway=gateway.id, boot=f"{number:032x}", received_at=at)
            )

    for number in range(7):
        assert await took(number)
    for number in range(3):
        assert await took(number, other)
    while await database.written(lambda connection: gateway_reports.forget_boots(connection, most=3)):
        pass
    assert [await took(number) for number in (6, 5, 4)] == [False] * 3, "the newest are remembered"
    assert [await took(number, other) for number in range(2)] == [False] * 2
    assert await took(3), "this one was forgotten"
