"""btsnoop files and advertising reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.errors import GatewayError
from beacon_gateway.radio.hci.advertising_reports import Report, build_legacy_report, manufacturer_data, read_reports
from beacon_gateway.radio.hci.btsnoop import CaptureUnreadable, Datalink, Event, Losses, read_events, write_events
from tests.captures.identity import LAB, PERSON_TAG, WALK
from tests.captures.make import advert, events

moments = st.integers(0, 4_000_000_000_000_000).map(lambda us: us / 1e6)
some_events = st.lists(st.builds(Event, moments, st.sampled_from(["hci0", "hci1", "hci12"]), st.binary(max_size=80)))


@given(some_events, st.sampled_from(Datalink))
def test_written_events_are_read_back(written: list[Event], datalink: Datalink) -> None:
    losses = Losses()
    read = list(read_events(write_events(written, datalink), losses))
    assert [event.data for event in read] == [event.data for event in written]
    assert [event.at for event in read] == pytest.approx([event.at for event in written], abs=1e-5)
    if datalink is Datalink.monitor:
        assert [event.adapter for event in read] == [event.adapter for event in written]
    assert losses == Losses()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a btsnoop file"),
        (b"\x7fELF" + bytes(60), "not a btsnoop file"),
        (b"btsnoop\0" + bytes([0, 0, 0, 2, 0, 0, 7, 209]), "btsnoop version 2, and only 1 is known"),
        (b"btsnoop\0" + bytes([0, 0, 0, 1, 0, 0, 0, 1]), "btsnoop datalink 1, and only 1001, 1002, 2001 are known"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(CaptureUnreadable, match=reason) as caught:
        read_events(content, Losses())
    assert isinstance(caught.value, GatewayError)


@given(st.data())
def test_a_truncated_file_gives_its_complete_events_and_counts_the_rest(data: st.DataObject) -> None:
    complete = WALK.read_bytes()
    cut = data.draw(st.integers(16, len(complete)))
    losses = Losses()
    read = list(read_events(complete[:cut], losses))
    assert read == list(read_events(complete, Losses()))[: len(read)]
    assert losses.truncated in ({0} if cut == len(complete) else {0, 1})


@given(st.binary(max_size=400), st.sampled_from(Datalink))
def test_garbage_after_the_header_is_no_exception(garbage: bytes, datalink: Datalink) -> None:
    for event in read_events(write_events([], datalink) + garbage, Losses()):
        for report in read_reports(event.data):
            manufacturer_data(report.data)


@given(st.binary(max_size=300), st.sampled_from([0x02, 0x0D]))
def test_garbage_in_an_event_is_no_exception(garbage: bytes, subevent: int) -> None:
    body = bytes([subevent]) + garbage[:250]
    for report in read_reports(bytes([0x3E, len(body)]) + body):
        manufacturer_data(report.data)


@given(st.binary(max_size=31), st.integers(-127, 20))
def test_a_legacy_report_is_read_as_it_was_written(data: bytes, rssi: int) -> None:
    assert list(read_reports(build_legacy_report(data, rssi))) == [Report(data, rssi)]


def test_rssi_127_means_not_available() -> None:
    assert list(read_reports(build_legacy_report(b"", 127))) == [Report(b"", None)]


def test_an_extended_report_is_read() -> None:
    # one report of btvirt's, byte by byte after Vol 4 Part E 7.7.65.13
    head = "3e 39 0d 01 10 00 01 01 02 03 04 05 06 01 00 ff 7f c8 00 00 00 00 00 00 00 00 00 1f"
    data = advert(PERSON_TAG) + bytes.fromhex("02 01 06 00")
    event = bytes.fromhex(head) + data
    assert list(read_reports(event)) == [Report(data, -56)]
    assert manufacturer_data(data) == {0x004C: PERSON_TAG.encode()}
    incomplete = bytearray(event)
    incomplete[4] |= 0b010_0000
    assert list(read_reports(bytes(incomplete))) == []


def test_the_committed_walk_is_what_its_script_makes() -> None:
    assert WALK.read_bytes() == write_events(events(), Datalink.h4)


def test_the_lab_recording_holds_more_than_adverts() -> None:
    losses = Losses()
    assert list(read_events(LAB.read_bytes(), losses))
    assert losses.other > 0
    assert losses.truncated == 0
