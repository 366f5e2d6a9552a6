"""Login, logout, the own account, places, accounts and the audit trail."""

from datetime import UTC, datetime

from central_server.accounts.access import Right, Role
from central_server.accounts.second_factor import Seal, new_secret
from central_server.state_files import factor_key
from central_server.store.accounts import accounts
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.project import Texts
from tests.fakes import staff_account
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, Entry, Open, Staff, World


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        for community in (OURS, NEIGHBOURS):
            names = Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), f"Garden of {community}"))
            await places.plant(connection, Place(f"garden-{community}", PlaceKind.site, community, names), now)
        names = Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), "Our city"))
        await places.plant(connection, Place("our-city", PlaceKind.city, places.TOP, names), now)
    world.ids |= {"place": OURS, "name": "our-clerk", "garden": f"garden-{OURS}", "session": "0" * 16}
    world.marks |= {"our-clerk", "our-admin", f"garden-{OURS}", f"Garden of {OURS}", "our-city"}
    await _clerk(world)


async def _clerk(world: World) -> None:
    """An account with everything that can be removed."""
    now = datetime.now(UTC)
    hashed = await staff_account.hashed("a clerk of the hall")
    async with world.database.write() as connection:
        await accounts.add(connection, "our-clerk", hashed, now, home=OURS)
        await accounts.grant(connection, "our-clerk", OURS, Role.staff.value, now)
        await accounts.record_reset(connection, "our-clerk", "")
        await accounts.disable(connection, "our-clerk", None)


async def _factor_started(world: World) -> None:
    """Our admin has started to set up the second step."""
    async with world.database.write() as connection:
        sealed = Seal(factor_key(world.central.state)).close("our-admin", new_secret())
        await accounts.set_factor(connection, "our-admin", sealed)


async def _without_factor(world: World) -> None:
    async with world.database.write() as connection:
        await accounts.set_factor(connection, "our-admin", None)


PRESENT = {"password": "correct horse battery"}
"""The password of all accounts in test_tenancy.py."""
NAMES = {"zh-Hans": "厅", "zh-Hant": "廳", "en": "Hall"}
ROUTES: dict[str, Entry] = {
    "GET /staff": Open("leads to the login"),
    "GET /staff/login": Open("a form"),
    "POST /staff/login": Open("says the same for every name and password that are wrong"),
    "POST /staff/logout": Open("ends the session that it was asked with"),
    "GET /staff/code": Open("for a session that owes a code; leads on without one"),
    "POST /staff/code": Open("for a session that owes a code; test_two_factors.py tries it"),
    "GET /staff/password": Staff(None),
    "POST /staff/password": Staff(
        None, form={"old": "not it", "new": "a new one of ours", "again": "a new one of ours"}, answers=(422,)
    ),
    "GET /staff/factor": Staff(None),
    "POST /staff/factor/begin": Staff(None, form=PRESENT, before=_without_factor),
    "POST /staff/factor/prove": Staff(None, form={"code": "no code"}, before=_factor_started, answers=(422,)),
    "POST /staff/factor/remove": Open("for a session in which a code was given; test_two_factors.py tries it"),
    "GET /staff/me": Staff(None),
    "POST /staff/me/sessions": Staff(None, form=PRESENT),
    "POST /staff/me/sessions/{session}": Open("of one's own account only; test_accounts.py tries another one's"),
    "GET /staff/places": Staff(Right.govern),
    "GET /staff/places/{place}": Staff(Right.govern, names=True),
    "POST /staff/places/{place}/names": Staff(Right.govern, names=True, form=NAMES),
    "POST /staff/places/{place}/below": Staff(Right.govern, names=True, form={**NAMES, "kind": "site", "id": "hall"}),
    "POST /staff/places/{place}/contact": Staff(Right.govern, names=True, form={"phone": "0595-1111 1111"}),
    "POST /staff/places/{place}/move": Staff(
        Right.govern, names=True, form={"parent": "our-city"}, at=places.TOP, path="/staff/places/{place}/move"
    ),
    "GET /staff/accounts": Staff(Right.govern),
    "POST /staff/accounts": Staff(
        Right.govern, names=True, form={"name": "our-newcomer", "place": OURS, "role": "viewer"}
    ),
    "GET /staff/accounts/{name}": Staff(Right.govern, names=True),
    "POST /staff/accounts/{name}/role": Staff(
        Right.govern, names=True, form={"place": "{garden}", "role": "viewer"}, before=_clerk
    ),
    **{
        f"POST /staff/accounts/{{name}}/{action}": Staff(Right.govern, names=True, form=form, before=_clerk)
        for action, form in {
            "password": {},
            "confirm": {},
            "unlock": {},
            "sessions": {},
            "factor": {},
            "disable": {},
            "enable": {},
            "revoke": {"place": OURS},
        }.items()
    },
    "GET /staff/audit": Staff(Right.govern),
}
