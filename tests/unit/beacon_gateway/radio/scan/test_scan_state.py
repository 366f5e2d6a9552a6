"""Since when an adapter's scans have worked, and in which word a scan is told."""

from beacon_gateway.radio.scan.scan_state import ScanState


def test_a_scan_that_gives_way_to_the_next_goes_on_and_an_adapter_that_was_off_begins_anew() -> None:
    state = ScanState()

    def since_when(name: str) -> float | None:
        state.enter(name, "hci0")
        return state.listens_since

    assert since_when("starting") is None
    began = since_when("listening")
    assert began is not None
    assert {since_when(name) for name in ("starting", "listening", "starting", "listening")} == {began}
    for name in ("off", "no_adapter", "no_answer", "refused"):
        assert since_when("listening") is not None
        assert since_when(name) is None, name


def test_what_was_heard_makes_the_word() -> None:
    state = ScanState()
    assert state.told(1.0, 60.0) == "starting"
    state.enter("listening", "hci0")
    assert [state.told(quiet_s, 60.0) for quiet_s in (None, 59.0, 60.0)] == ["listening", "hearing", "listening"]
    state.renewed("silence", "hci0")
    assert [state.told(quiet_s, 60.0) for quiet_s in (None, 59.0)] == ["silent", "hearing"]
    assert (state.rebuilds.total(), state.last_why) == (1, "silence")
