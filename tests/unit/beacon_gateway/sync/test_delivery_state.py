"""/healthz: being offline is fine; a reachable server that receives nothing is not."""

from beacon_gateway.sync.drain import DeliveryState


def test_delivery_is_stuck_only_when_a_reachable_server_receives_nothing_for_ten_minutes() -> None:
    now = [0.0]
    delivery = DeliveryState(lambda: now[0])
    now[0] = 601.0
    assert delivery.stuck(answered_at=600.0)
    assert not delivery.stuck(answered_at=0.0), "offline"
    delivery.tried()
    now[0] = 1200.0
    assert not delivery.stuck(answered_at=1200.0)
