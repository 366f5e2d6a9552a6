"""How long an advert was on the air: while it is, between two times, and what ended each."""

import pytest

from beacon_gateway.radio.advertise.air_time import AirTime

REFUSED = {"zh": "不许", "en": "not permitted"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_times_on_the_air_are_added_up_and_those_off_it_are_told(clock: Clock) -> None:
    air = AirTime(clock)
    air.begin()
    clock.now += 3
    assert (air.state, air.since, air.describe()["off_air_s"]) == ("starting", None, 3.0)
    with air.on_air():
        clock.now += 10
        assert (air.state, air.since, air.seconds()) == ("on_air", 103.0, 10.0)
        assert air.describe()["off_air_s"] is None
    air.ended("adapter found off", "hci0")
    clock.now += 4
    assert (air.state, air.since, air.seconds(), air.describe()["off_air_s"]) == ("starting", None, 10.0, 4.0)
    with air.on_air():
        clock.now += 5
    air.ended("released", "hci0")
    told = air.describe()
    assert (told["seconds_on_air"], told["registrations"]) == (15.0, 2)
    assert told["ended_why"] == {"adapter found off": 1, "released": 1}


def test_whatever_ends_it_it_is_off_the_air_then(clock: Clock) -> None:
    air = AirTime(clock)

    def lost() -> None:
        with air.on_air():
            clock.now += 2
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        lost()
    assert (air.state, air.since, air.seconds()) == ("starting", None, 2.0)


def test_what_is_refused_is_told_until_it_is_on_the_air(clock: Clock) -> None:
    air = AirTime(clock)
    air.begin()
    air.refused(REFUSED)
    assert (air.describe()["state"], air.describe()["refused"]) == ("refused", "not permitted")
    with air.on_air():
        assert (air.describe()["state"], air.describe()["refused"]) == ("on_air", None)
