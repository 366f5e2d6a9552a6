"""Scans of the screen's code are deleted after 90 days, and never changed. About 1 CPU-s."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from sync_contract.uuid7 import new_id
from tests.unit.volunteering.community_desk import COMMUNITY
from tests.unit.volunteering.test_sign_ups import NOW
from volunteering.records.scan_retention import forget_scans
from volunteering.store import attendances
from volunteering.store.attendances import Attendance
from volunteering.store.schema import SCHEMA
from volunteering.store.tables import attendances as rows


async def test_scans_are_deleted_after_ninety_days_and_never_changed(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    async with database.write() as connection:
        for days in (0, 89, 90, 91, 400):
            use, at = f"{days}", NOW - timedelta(days=days)
            row = (new_id(), COMMUNITY, "drill", new_id(), new_id(), "p", "in", at, "screen", "in_time", "g", use)
            await attendances.add(connection, Attendance(*row))
    with pytest.raises(Exception, match="only added"):
        async with database.write() as connection:
            await connection.execute(update(rows).values(evidence="screen"))
    for _ in range(2):
        await forget_scans(database, NOW)
        async with database.read() as connection:
            left = (await connection.execute(select(rows.c.use_id).order_by(rows.c.at.desc()))).scalars().all()
        assert left == ["0", "89"]
