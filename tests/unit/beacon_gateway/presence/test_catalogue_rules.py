"""Tests of the catalogue's rules on the screen; without them the TOML's rules apply."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from beacon_gateway.donations.offer import Offer
from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import Circumstances, ProjectRules
from beacon_gateway.presence.visit_state import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Binding, Catalogue
from tests.unit.beacon_gateway.presence.people import person, place, visit_of

LUNCH, BOOKS, AID = "lunch", "books", "aid"
EAST, WEST, CARD = place(1, LUNCH), place(2, BOOKS), person(1, project=AID)
FRIDAY = date(2026, 11, 27)


def offer(*bindings: Binding) -> Offer:
    made = Offer((), {EAST.id: LUNCH, WEST.id: BOOKS}, now=lambda: None)
    made.take(Catalogue(version=1, issued_at=datetime(2026, 1, 1, tzinfo=UTC), projects=(), bindings=bindings))
    return made


def near(beacon: Beacon, zone: Zone = Zone.near) -> dict[BeaconId, Visit]:
    return {beacon.id: visit_of(beacon, 0.0, zone=zone)}


class Hall:
    def __init__(self, offered: Offer) -> None:
        self._offered = offered
        self.now = Circumstances(local=time(12), today=FRIDAY, bound=offered.bound)
        self._choice = Choice(ChoiceRules(hold_s=0), ProjectRules(), lambda _at: self.now)

    def shows(self, at: float, visits: dict[BeaconId, Visit], **changed: object) -> str | None:
        self.now = replace(self.now, **changed)  # type: ignore[arg-type]  # the fields' own types
        return self._choice.update(at, visits, self._offered.bindings).project


def test_hours_change_the_screen_at_their_start_and_end() -> None:
    hall = Hall(
        offer(
            Binding(beacon=EAST.id, project=BOOKS),
            Binding(beacon=EAST.id, project=AID, priority=1, hours=("12:00-13:00",), weekdays=(5,)),
        )
    )
    assert hall.shows(0, near(EAST)) == AID
    assert hall.shows(1, near(EAST), local=time(13)) == BOOKS
    assert hall.shows(2, near(EAST), local=time(12), today=date(2026, 11, 28)) == BOOKS
    assert hall.shows(3, near(EAST), local=None, today=None) == AID, "without a clock nothing is kept from residents"


def test_a_zone_rule_changes_the_screen_for_a_person_at_the_kiosk() -> None:
    hall = Hall(offer(Binding(beacon=None, project=AID, priority=1, zone="immediate")))
    assert hall.shows(0, near(EAST)) == LUNCH
    assert hall.shows(1, near(EAST, Zone.immediate)) == AID
    assert hall.shows(2, near(EAST)) == LUNCH
    assert hall.shows(3, near(CARD, Zone.immediate)) == AID, "the card's own project, which is the same one"
    assert Hall(offer(Binding(beacon=None, project=BOOKS, priority=9))).shows(0, near(CARD)) == AID


def test_a_project_without_need_is_replaced() -> None:
    hall = Hall(
        offer(
            Binding(beacon=EAST.id, project=AID, while_needed=True, priority=1), Binding(beacon=EAST.id, project=BOOKS)
        )
    )
    assert hall.shows(0, near(EAST), need={AID: 0.4}) == AID
    assert hall.shows(1, near(EAST), need={AID: 0.0}) == BOOKS


def test_without_a_rule_of_the_catalogue_the_settings_apply() -> None:
    hall = Hall(offer(Binding(beacon=EAST.id, project=BOOKS)))
    assert hall.shows(0, near(EAST)) == BOOKS
    assert hall.shows(1, near(WEST)) == BOOKS
    nothing = Hall(offer())
    assert nothing.shows(0, near(EAST)) == LUNCH
