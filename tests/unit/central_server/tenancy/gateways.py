"""Enrolment, pages and revocation of gateways."""

from datetime import UTC, datetime

from central_server.accounts.access import Right
from central_server.enrolment import enrolment_codes
from central_server.intake.sheets import record_sheets
from central_server.store.enrolment import gateways
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, Entry, Open, Signed, Staff, World


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        for community in (OURS, NEIGHBOURS):
            gateway = await enrolment_codes.add_gateway(connection, community, f"Gate of {community}", None, now)
            await gateways.add_key(connection, gateway.id, "0" * 16, "A" * 43, now)
            sheet = world.ours.sheet(gateway=gateway.id)
            await record_sheets(connection, gateway, [sheet], now)
            if community == OURS:
                world.ids |= {"gate": gateway.id, "key": "0" * 16, "sheet": sheet.id}
                world.marks |= {gateway.id, f"Gate of {OURS}"}


async def _its_key_is_its_own(world: World) -> None:
    """The signature identifies the sender of a key change or a report: none of our data change."""
    async with world.database.read() as connection:
        before = await gateways.keys(connection, world.ours.id)
    body = b'{"contract":1,"gateway":"%b","public":"%b","signature":""}' % (world.ours.id.encode(), b"A" * 43)
    status, _ = await world.theirs.post("/api/v1/keys", body, {"Content-Type": "application/json"})
    assert status == 409
    async with world.database.read() as connection:
        assert await gateways.keys(connection, world.ours.id) == before


async def _a_report_is_the_senders_own(world: World) -> None:
    """The body names no gateway."""
    body = b'{"contract":1,"gateway":"%b"}' % world.ours.id.encode()
    status, _ = await world.theirs.post("/api/v1/reports", body, {"Content-Type": "application/json"})
    assert status == 400


_ONE = "/staff/gateways/{gateway}"
ROUTES: dict[str, Entry] = {
    "POST /api/v1/enrolments": Open("a code has 120 bit, is good once and for a quarter of an hour"),
    "POST /api/v1/keys": Signed(_its_key_is_its_own),
    "POST /api/v1/reports": Signed(_a_report_is_the_senders_own),
    "GET /staff/gateways": Staff(Right.see),
    "GET /staff/gateways/new": Staff(Right.edit),
    "POST /staff/gateways/new": Staff(Right.edit, names=True, form={"label": "Hall", "place": OURS}),
    f"GET {_ONE}": Staff(Right.see, names=True),
    f"GET {_ONE}/sheets/{{sheet}}": Staff(Right.see, names=True, path="/staff/gateways/{gate}/sheets/{sheet}"),
    f"GET {_ONE}/sheets/{{sheet}}.pdf": Staff(Right.see, names=True, path="/staff/gateways/{gate}/sheets/{sheet}.pdf"),
    f"GET {_ONE}/code": Staff(Right.edit, names=True),
    f"POST {_ONE}/code": Staff(Right.edit, names=True, form={}),
    f"GET {_ONE}/code/state": Staff(Right.edit, names=True),
    "GET /staff/gateways/bundles": Staff(Right.see),
    f"GET {_ONE}/bundle": Staff(Right.edit, names=True),
    f"POST {_ONE}/bundle": Staff(Right.edit, names=True, form={"language": "en", "time_zone": "UTC", "rotation": "0"}),
    f"POST {_ONE}/bundle/revoke": Staff(Right.edit, names=True, form={}),
    f"GET {_ONE}/revoke": Staff(Right.edit, names=True),
    f"POST {_ONE}/revoke": Staff(Right.edit, names=True, form={}, path="/staff/gateways/{gate}/revoke"),
    f"GET {_ONE}/change": Staff(Right.edit, names=True),
    f"POST {_ONE}/change": Staff(Right.edit, names=True, form={"label": "Hall", "place": OURS}),
    f"GET {_ONE}/retire": Staff(Right.edit, names=True),
    f"POST {_ONE}/retire": Staff(Right.edit, names=True, form={}, path="/staff/gateways/{gate}/retire"),
    f"GET {_ONE}/keys/{{key}}/revoke": Staff(Right.edit, names=True, path="/staff/gateways/{gate}/keys/{key}/revoke"),
    f"POST {_ONE}/keys/{{key}}/revoke": Staff(
        Right.edit, names=True, form={}, path="/staff/gateways/{gate}/keys/{key}/revoke"
    ),
}
