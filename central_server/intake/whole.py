"""A batch that is good as a whole and all new: the usual one. It is kept as it came."""

from datetime import datetime

from central_server.donations.typed_codes import draw_codes
from central_server.intake.at_once import Whole
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import fresh_batch
from central_server.store.parcels.batches import NewBatch
from central_server.store.parcels.fresh_batch import FreshBatch
from sync_contract.records import CONTRACT, HandoffKind, IntentState
from sync_contract.strict_model import Environment

_BEGUN = {
    HandoffKind.link.value: IntentState.unconfirmed.value,
    HandoffKind.ticket.value: IntentState.registered.value,
}
_ACCEPTED = '","receipt":"accepted","reason":""}'
_NEXT = _ACCEPTED + ',{"id":"'


async def keep_whole(
    database: Database, gateway: Gateway, whole: Whole, packed: bytes, environment: Environment, now: datetime
) -> bool:
    """False: nothing of it was kept, and each parcel has to be looked at. `packed`: as it came, gzip."""
    if any(gift.environment != environment.value for gift in whole.gifts):
        return False
    gifts = whole.gifts
    states = [_BEGUN[gift.handoff] for gift in gifts]
    drawing = zip(gifts, draw_codes(len(gifts)), strict=True)
    codes = [None if gift.handoff == HandoffKind.link else code for gift, code in drawing]
    told = NewBatch(whole.epoch, whole.numbers, len(gifts), len(whole.ids) - len(gifts), packed)
    return await fresh_batch.add(database, gateway, FreshBatch(whole.ids, told, gifts, states, codes), now)


def receipts(whole: Whole) -> str:
    """The answer: all of them accepted, as JSON."""
    return f'{{"contract":{CONTRACT},"receipts":[{{"id":"{_NEXT.join(whole.ids)}{_ACCEPTED}]}}'
