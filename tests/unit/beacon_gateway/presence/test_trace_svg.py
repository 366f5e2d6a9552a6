"""Tests of the picture of a trace."""

from dataclasses import replace
from xml.etree import ElementTree

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.explain.axis_ticks import Scale, build_time_ticks, find_rssi_range, rssi_at
from beacon_gateway.presence.explain.decision_wording import word_decisions
from beacon_gateway.presence.explain.svg_shapes import estimate_width
from beacon_gateway.presence.explain.trace_svg import MAX_PANELS, Picture, draw_svg
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.trace import Trace
from tests.unit.beacon_gateway.presence.people import heard, person, place
from tests.unit.beacon_gateway.presence.test_trace import deciding, played

CARD, SHELF = person(1, "volunteer", "lunch"), place(1, "books")
NAME = "{http://www.w3.org/2000/svg}"


def drawn(*beacons: Beacon) -> tuple[Trace, str]:
    trace = Trace(beacons, thinned_s=0, keep_people=True)
    streams = [heard(beacon, -58, since=1 + n, until=9 + n) for n, beacon in enumerate(beacons)]
    played(deciding(*beacons, trace=trace), *streams)
    samples = (*trace.running_samples, *trace.place_samples)
    return trace, draw_svg(Picture("a walk", beacons, PresenceRules(), trace.decisions, samples, 25.0))


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{NAME}text")]


def test_each_frame_is_a_dot_and_each_decision_has_the_number_of_the_text() -> None:
    trace, picture = drawn(CARD, SHELF)
    root = ElementTree.fromstring(picture)
    dots = [c for c in root.iter(f"{NAME}circle") if c.get("cy") != "42"]
    assert len(dots) == 2 * 81
    labels = texts(picture)
    for decision, block in zip(trace.decisions, word_decisions(trace.decisions, [CARD, SHELF]), strict=True):
        assert f"#{decision.number} " in block
        assert any(label.split(" ")[0] == str(decision.number) for label in labels), decision


def test_axes_have_units_in_chinese_and_english() -> None:
    labels = texts(drawn(SHELF)[1])
    assert {"信号 RSSI / dBm", "时间 time / s", "紧挨 immediate", "附近 near", "≤ 4 m", "1 m"} <= set(labels)


def test_the_entries_of_the_legend_do_not_overlap() -> None:
    """Each symbol begins after the previous text, and all fit the frame."""
    root = ElementTree.fromstring(drawn(SHELF)[1])
    words = {float(t.get("x") or 0): t.text or "" for t in root.iter(f"{NAME}text") if t.get("y") == "46.0"}
    lines = [path.get("d") or "" for path in root.iter(f"{NAME}path")]
    begins = [float(line[1:].split(" 42h")[0]) for line in lines if " 42h" in line]
    ends = [x + estimate_width(text) for x, text in sorted(words.items())]
    assert len(words) == 3
    assert all(end + 6 <= begin for end, begin in zip(ends, sorted(begins), strict=False))
    assert ends[-1] <= 1056


def test_the_zones_of_a_beacon_use_its_own_path_loss() -> None:
    def band(beacon: Beacon) -> float:
        boxes = ElementTree.fromstring(drawn(beacon)[1]).iter(f"{NAME}rect")
        return next(float(box.get("height") or 0) for box in boxes if box.get("class") == "immediate")

    assert band(replace(SHELF, path_loss_exponent=4.0)) > 1.1 * band(SHELF)


def test_a_persons_tag_is_named_by_its_class_only() -> None:
    _, picture = drawn(CARD, replace(CARD, id=person(2).id), SHELF)
    assert "随身卡 tag of class volunteer" in texts(picture)
    assert "随身卡 tag of class volunteer · 2" in texts(picture)
    assert "card 1" not in picture
    assert str(CARD.id) not in picture


def test_labels_with_markup_are_escaped() -> None:
    label = '</text><script>alert("&")</script>'
    assert f"{label} (books)" in texts(drawn(replace(SHELF, label=label))[1])


def test_many_beacons_make_the_picture_longer_up_to_a_bound() -> None:
    one = ElementTree.fromstring(drawn(SHELF)[1])
    assert (one.get("width"), one.get("height")) == ("1200", "600")
    many = drawn(*[place(n, "books") for n in range(1, MAX_PANELS + 4)])[1]
    assert int(ElementTree.fromstring(many).get("height") or 0) > 1000
    assert "还有 3 个未画出 more not drawn" in texts(many)


def test_an_empty_trace_says_so() -> None:
    picture = draw_svg(Picture("nothing", [SHELF], PresenceRules(), (), (), 0.0))
    assert "没有收到认得的信标 no known beacon was received" in texts(picture)


def test_without_rssi_there_is_a_panel_without_dots() -> None:
    trace = Trace([SHELF], thinned_s=0)
    played(deciding(SHELF, trace=trace), heard(SHELF, None, since=0, until=3))
    picture = draw_svg(Picture("x", [SHELF], PresenceRules(), trace.decisions, trace.place_samples, 13.0))
    assert "corner 1 (books)" in texts(picture)


def test_the_scales_are_round_and_contain_the_values() -> None:
    assert find_rssi_range([-81, -52]) == (-90, -40)
    assert find_rssi_range([]) == (-90, -40)
    assert len(build_time_ticks(86_400 * 30)) <= 17
    assert build_time_ticks(10.0) == tuple(float(n) for n in range(11))
    assert rssi_at(10, -59, 2.2) == -81
    assert Scale(0, 10, 100, 0)(20) == 0
