"""Tokens, the API for programs, and webhooks."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from central_server.accounts.access import Right
from central_server.api import tokens as personal
from central_server.api.tokens import Scope
from central_server.store.api import deliveries, tokens, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.catalogue.projects import StoredProject
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, Action, Checked, Entry, Open, Staff, World

_NOWHERE = "https://192.0.2.1/hook-of-"
"""Documentation addresses (RFC 5737), to which nothing is sent."""
_TEXTS: dict[str, str] = {}


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        for account in ("our-admin", "their-admin", "our-nobody"):
            text, made = personal.make_token(account, f"token of {account}", frozenset(Scope), 30, now)
            await tokens.add(connection, made)
            _TEXTS[account] = text
        for place in (OURS, NEIGHBOURS):
            await webhooks.add(connection, _webhook(new_id(), place, now))
            texts = Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), f"Listed of {place}"))
            words = (texts, texts, texts, texts)
            await projects.save(
                connection,
                StoredProject(
                    place,
                    f"api-{place[:8]}",
                    *words,
                    (100,),
                    100,
                    200,
                    None,
                    "",
                    "",
                    "",
                    None,
                    None,
                    None,
                    False,
                    1,
                    now,
                    "",
                ),
                0,
            )
            beacon = StoredBeacon(
                new_id(), place, BeaconId(uuid4(), 1, 1), BeaconKind.place, "x", -59, "", None, (), "", now, ""
            )
            await beacons.save(connection, beacon, 0)
            bound = StoredBinding(
                *(new_id(), place, Target.beacon, beacon.beacon, "", f"api-{place[:8]}", 1, (), ()),
                *(None, None, "", False, now, ""),
            )
            await bindings.save(connection, bound, 0)
            if place == OURS:
                world.ids |= {
                    "listed_beacon": beacon.id,
                    "listed_binding": bound.id,
                    "listed_project": f"api-{place[:8]}",
                }
    world.marks |= {"token of our-admin", f"{_NOWHERE}{OURS}", "Listed of " + OURS}
    await _token(world)
    await _hook(world)


def _webhook(id_: str, place: str, now: datetime) -> Webhook:
    return Webhook(id_, place, f"{_NOWHERE}{place}", "donation.paid", "00" * 32, now)


async def _token(world: World) -> None:
    _, made = personal.make_token("our-viewer", "token of our-viewer", frozenset({Scope.log}), 30, datetime.now(UTC))
    async with world.database.write() as connection:
        await tokens.add(connection, made)
    world.ids["token"] = made.id
    world.marks |= {made.id, "token of our-viewer"}


async def _hook(world: World) -> None:
    """An enabled webhook with a failed delivery."""
    now = datetime.now(UTC)
    hook = _webhook(new_id(), OURS, now)
    gone = Delivery(new_id(), hook.id, "donation.paid", "state_changes", 1, "{}", now, None)
    async with world.database.write() as connection:
        await webhooks.add(connection, hook)
        await deliveries.put(connection, [replace(gone, tries=3, last_status=500)])
    world.ids |= {"webhook": hook.id, "delivery": gone.id}
    world.marks |= {hook.id, gone.id}


def _read(path: str, mark: str) -> Action:
    """With a token our admin reads our data and the neighbours' admin does not."""

    async def check(world: World) -> None:
        async def ask(token: str, address: str = path) -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with world.session.get(world.central.url + address, headers=headers) as answer:
                return answer.status, await answer.text()

        wanted = mark.format_map(world.ids)
        for token in ("", "bct_unknown", _TEXTS["our-admin"][:-1]):
            assert (await ask(token))[0] == 401, path
        assert (await ask(_TEXTS["our-nobody"]))[0] == (200 if path == "/api/v1/token" else 403), path
        status, text = await ask(_TEXTS["our-admin"])
        assert (status, wanted in text) == (200, True), path
        status, text = await ask(_TEXTS["their-admin"])
        assert (status, wanted in text) == (200, False), path

    return check


ROUTES: dict[str, Entry] = {
    "GET /openapi.json": Open("tells what can be asked, nothing of any community"),
    "GET /api": Open("the same for people"),
    "GET /api/v1/token": Checked(_read("/api/v1/token", "our-admin")),
    "GET /api/v1/log": Checked(_read("/api/v1/log", "{gateway}")),
    "GET /api/v1/places": Checked(_read("/api/v1/places", f'"id":"{OURS}"')),
    "GET /api/v1/gateways": Checked(_read("/api/v1/gateways", "{gateway}")),
    "GET /api/v1/beacons": Checked(_read("/api/v1/beacons", "{listed_beacon}")),
    "GET /api/v1/bindings": Checked(_read("/api/v1/bindings", "{listed_binding}")),
    "GET /api/v1/projects": Checked(_read("/api/v1/projects", "{listed_project}")),
    "GET /staff/tokens": Staff(None),
    "POST /staff/tokens": Staff(None, form={"label": "for a test", "days": "30", "scope-log": "on"}),
    "POST /staff/tokens/revoke": Staff(None, names=True, form={"token": "{token}"}, before=_token),
    "GET /staff/webhooks": Staff(Right.govern),
    "POST /staff/webhooks": Staff(
        Right.govern,
        names=True,
        form={"url": "https://receiver.example/hook", "place": OURS, "event-parcel_refused": "on"},
    ),
    "GET /staff/webhooks/{webhook}": Staff(Right.govern, names=True, before=_hook),
    "POST /staff/webhooks/{webhook}": Staff(Right.govern, names=True, form={"action": "stop"}, before=_hook),
    "POST /staff/webhooks/{webhook}/again": Staff(
        Right.govern, names=True, form={"delivery": "{delivery}"}, before=_hook
    ),
}
