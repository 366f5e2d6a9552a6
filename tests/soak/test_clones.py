"""Clone detection over 1,440 placements of one transmitter, and 180 with a second one, from a fresh seed."""

import secrets

from tests.unit.beacon_gateway.presence.placements import one_transmitter, two_transmitters


def test_one_transmitter_is_never_a_clone_and_a_second_one_is_found_within_a_minute() -> None:
    seed = secrets.randbelow(10**9)
    print(f"seed {seed}")
    assert [placement for placement in one_transmitter(1440, seed) if placement.detected_s() is not None] == []
    found = [placement.detected_s() for placement in two_transmitters(180, seed)]
    early = sum(each is not None and each < 60 for each in found)
    print(f"a second transmitter was found within 60 s in {early} of {len(found)}")
    assert early >= 0.97 * len(found)
    assert None not in found
