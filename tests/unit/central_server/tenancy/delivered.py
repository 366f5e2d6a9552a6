"""The sync log, parcels, outcomes and the catalogue."""

from msgspec.structs import replace

from central_server.accounts.access import Right
from central_server.store.donations import intents
from sync_contract.records import Receipt
from tests.unit.central_server.tenancy.entries import Entry, Open, Signed, Staff, World


async def plant(world: World) -> None:
    gift = world.ours.intent()
    await world.ours.deliver([gift, world.ours.statistics()])
    await world.theirs.deliver([world.theirs.intent(amount_minor=700)])
    world.ids |= {"gateway": world.ours.id, "parcel": gift.id}
    world.marks |= {world.ours.id, gift.id, "Hall of ours"}


async def _a_parcel_is_the_senders_own(world: World) -> None:
    """The same id from another gateway is another parcel and changes none of ours."""
    stolen = replace(world.theirs.intent(amount_minor=4200), id=world.ids["parcel"])
    (receipt,) = await world.theirs.deliver([stolen])
    assert receipt.receipt is Receipt.accepted
    async with world.database.read() as connection:
        intent = await intents.get(connection, world.ours.id, world.ids["parcel"])
    assert intent is not None
    assert intent.amount_minor == 5000


async def _outcomes_are_the_askers_own(world: World) -> None:
    fresh = world.ours.intent()
    await world.ours.deliver([fresh])
    status, answer = await world.theirs.get("/api/v1/outcomes", f"known={fresh.id}:paid&wait=0")
    assert (status, answer["outcomes"]) == (200, [])


ROUTES: dict[str, Entry] = {
    "POST /api/v1/parcels": Signed(_a_parcel_is_the_senders_own),
    "GET /api/v1/outcomes": Signed(_outcomes_are_the_askers_own),
    "GET /staff/": Staff(Right.see),
    "GET /staff/parcels/{gateway}/{parcel}": Staff(Right.see, names=True),
    **{
        f"{method} /{door}/{{ticket}}": Open("the ticket is signed by the gateway for this one donor")
        for method in ("GET", "POST")
        for door in ("t", "T")
    },
    "GET /g/{nonce}": Open("the nonce has 256 bit and is known to one donor"),
    "POST /g/{nonce}": Open("leads to the same address by GET, and reads nothing"),
    "POST /bank/sandbox/notify": Open("signed by the bank; says nothing"),
    "GET /static/{name}": Open("styles and pictures, the same for everybody"),
    "GET /healthz": Open("counts of the process, no names"),
    "GET /metrics": Open("counts for programs on the server's own machine, no names"),
}
