"""An item of a batch that has no id of its own gets a receipt too: it says where in the batch it stands."""

import pytest

from sync_contract.records import ParcelReceipts, Receipt
from sync_contract.wire_record import decode
from tests.fakes.delivering_gateway import DeliveringGateway, as_json


@pytest.mark.parametrize("zipped", [True, False])
async def test_every_item_gets_a_receipt_in_its_place(gateway: DeliveringGateway, *, zipped: bool) -> None:
    first, last = as_json(gateway.intent()), as_json(gateway.intent())
    nameless = {name: value for name, value in last.items() if name != "id"}
    long = {"id": "no", "x" * 400: 1}
    items = [7, first, nameless, None, long, last]
    status, body = await gateway.post_batch({"contract": 1, "parcels": items}, zipped=zipped)
    receipts = decode(ParcelReceipts, body).receipts
    assert status == 200
    assert [each.receipt for each in receipts] == [
        *(Receipt.refused, Receipt.accepted, Receipt.refused, Receipt.refused, Receipt.refused, Receipt.accepted)
    ]
    assert [each.id for each in (receipts[1], receipts[5])] == [first["id"], last["id"]]
    for position in (0, 2, 3, 4):
        assert receipts[position].reason.startswith(f"parcels.{position}: invalid: "), position


async def test_its_receipt_has_the_name_that_the_sync_log_gives_it(gateway: DeliveringGateway) -> None:
    """And so it is never one that the gateway sent: every version takes no notice of it."""
    receipts = []
    for items in ([7], [as_json(gateway.intent()), 7]):
        _, body = await gateway.post_batch({"contract": 1, "parcels": items})
        receipts.append(decode(ParcelReceipts, body).receipts[-1])
    assert receipts[0].id == receipts[1].id
    assert [each.reason.split(":")[0] for each in receipts] == ["parcels.0", "parcels.1"]
