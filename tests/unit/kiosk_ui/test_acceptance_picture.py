"""The picture of an acceptance sheet shows each spot of the walk at its measured distance, to scale with the zones."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, datetime
from math import hypot

import pytest

from kiosk_ui.paper.acceptance_picture import draw_zones
from sync_contract.acceptance_sheet import (
    AcceptanceSheet,
    SheetLevel,
    SheetSpot,
    SheetWalk,
    SheetZones,
    SpotKind,
    read_sheet,
)
from sync_contract.records import SignedAcceptanceSheet
from tests.fakes.delivering_gateway import DeliveringGateway

SVG = "{http://www.w3.org/2000/svg}"
ZONES = SheetZones(immediate_m=1.0, near_m=2.4, path_loss_exponent=2.2)


@dataclass
class Circle:
    x: float
    y: float
    r: float


def sheet(*spots: tuple[SpotKind, float, str]) -> AcceptanceSheet:
    walk = SheetWalk(
        at=datetime(2026, 6, 1, tzinfo=UTC),
        good=True,
        zones=ZONES,
        spots=tuple(
            SheetSpot(
                kind=kind,
                metres=metres,
                name=name,
                levels=(SheetLevel(adapter="hci0", dbm=-60.4, frames=9),),
                wrong_per_hour=0,
            )
            for kind, metres, name in spots
        ),
    )
    body = DeliveringGateway().sheet(zones=ZONES, walk=walk if spots else None).body
    assert isinstance(body, SignedAcceptanceSheet)
    return read_sheet(body)


def read(picture: str) -> tuple[list[Circle], str]:
    root = ET.fromstring(picture)  # our own picture
    circles = [Circle(*(float(each.attrib[key]) for key in ("cx", "cy", "r"))) for each in root.iter(f"{SVG}circle")]
    return circles, " ".join(each.text or "" for each in root.iter(f"{SVG}text"))


def test_each_spot_is_drawn_at_its_distance_and_names_are_escaped() -> None:
    spots = [(SpotKind.reference, 1.0, ""), (SpotKind.door, 6.0, "<b>&"), (SpotKind.far_wall, 11.0, "")]
    (near, immediate, *marks), words = read(draw_zones(sheet(*spots)))
    per_m = near.r / 2.4
    assert immediate.r == pytest.approx(per_m, abs=0.1)
    drawn = [hypot(each.x - near.x, each.y - near.y) / per_m for each in marks]
    assert drawn == pytest.approx([metres for _, metres, _ in spots], abs=0.01)
    assert "门口 <b>&" in words
    assert "11 m, -60 dBm" in words


def test_without_a_walk_the_zones_alone_are_drawn() -> None:
    circles, words = read(draw_zones(sheet()))
    assert len(circles) == 2
    assert "2.4 m" in words
