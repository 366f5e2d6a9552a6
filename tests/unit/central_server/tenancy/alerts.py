"""Tasks and alert recipients."""

from datetime import UTC, datetime

from central_server.accounts.access import Right
from central_server.alerts.task_kinds import TaskKind
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert, Channel
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, Entry, Staff, World


async def plant(world: World) -> None:
    await _conflict(world)
    await _surplus(world)
    await _case(world)
    await _channel(world)
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        theirs = Channel(new_id(), NEIGHBOURS, "mail", "them@example.org", "en", True, False, now, "their-admin")
        await alerts.add_channel(connection, theirs)


async def _conflict(world: World) -> None:
    await _waiting(world, "conflict_alert", TaskKind.conflict)


async def _surplus(world: World) -> None:
    await _waiting(world, "surplus_alert", TaskKind.surplus)


async def _case(world: World) -> None:
    await _waiting(world, "case_alert", TaskKind.case_waiting)


async def _waiting(world: World, name: str, matter: TaskKind) -> None:
    now = datetime.now(UTC)
    made = Alert(
        *(matter.value, f"ours {new_id()}", OURS, "Hall of ours", "/staff/log", 1, now, 100, "CNY", "", now, now)
    )
    async with world.database.write() as connection:
        await alerts.add(connection, [made])
        found = await alerts.open_ones(connection, [OURS])
    world.ids[name] = str(next(alert.id for alert in found if alert.subject == made.subject))


async def _channel(world: World) -> None:
    made = Channel(new_id(), OURS, "mail", "us-alone@example.org", "en", True, True, datetime.now(UTC), "our-admin")
    async with world.database.write() as connection:
        await alerts.add_channel(connection, made)
    world.ids["channel"] = made.id
    world.marks |= {made.address, made.id}


ROUTES: dict[str, Entry] = {
    "GET /staff/alerts": Staff(Right.see),
    "POST /staff/alerts/{alert}": Staff(
        Right.edit, path="/staff/alerts/{conflict_alert}", names=True, form={"note": ""}, before=_conflict
    ),
    "POST /staff/alerts/{alert}/money": Staff(
        Right.money, path="/staff/alerts/{surplus_alert}/money", names=True, form={"note": ""}, before=_surplus
    ),
    "POST /staff/alerts/{alert}/families": Staff(
        Right.families, path="/staff/alerts/{case_alert}/families", names=True, form={"note": ""}, before=_case
    ),
    "GET /staff/channels": Staff(Right.govern),
    "POST /staff/channels": Staff(
        Right.govern,
        names=True,
        form={"kind": "wecom", "address": "693a91f6-7aaa-4bc4-97a0-0ec251fa5aaa", "place": OURS, "language": "en"},
    ),
    "POST /staff/channels/{channel}": Staff(Right.govern, names=True, form={"action": "remove"}, before=_channel),
}
