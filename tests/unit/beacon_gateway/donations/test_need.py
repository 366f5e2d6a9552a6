"""What a catalogue says of goals and paid money decides, among equals, which project a screen turns to."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.offer import Offer
from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.choice_factory import choosing
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.visit import Visit
from sync_contract.catalogue import Binding, Catalogue, sign, verify
from sync_contract.project import Project
from tests.unit.beacon_gateway.donations.projects import LUNCH
from tests.unit.beacon_gateway.presence.people import place

CORNER = place(1)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def project(id_: str, goal_fen: int | None, paid_fen: int | None) -> Project:
    return LUNCH.model_copy(update={"id": id_, "goal_fen": goal_fen, "paid_fen": paid_fen})


def catalogue(*projects: Project, version: int = 1) -> Catalogue:
    bindings = tuple(Binding(beacon=CORNER.id, project=each.id, while_needed=True) for each in projects)
    return Catalogue(version=version, issued_at=NOW, projects=projects, bindings=bindings)


@pytest.mark.parametrize(
    ("goal_fen", "paid_fen", "need"),
    [(1000, 0, 1.0), (1000, 250, 0.75), (1000, 1000, 0.0), (1000, 4000, 0.0), (None, 5, None), (1000, None, None)],
)
def test_the_need_is_the_missing_share_of_the_goal(
    goal_fen: int | None, paid_fen: int | None, need: float | None
) -> None:
    assert project("books", goal_fen, paid_fen).need == need


def test_of_two_projects_at_one_corner_the_one_that_lacks_more_is_shown_and_the_reason_says_so() -> None:
    offer = Offer([], {}, now=lambda: NOW)
    choice = choosing(
        ChoiceRules(),
        ProjectRules(),
        Collector([CORNER]),
        official=lambda _: None,
        bound=lambda: offer.bound,
        need=lambda: offer.need,
    )
    here = {CORNER.id: Visit(CORNER, Zone.near, 0, 0, 0, 0.0, None, True)}
    offer.take(catalogue(project("books", 1000, 900), project("lunch", 1000, 500)))
    chosen = choice.update(0, here, offer.bindings)
    assert chosen.project == "lunch"
    assert chosen.reason.endswith("lunch needs 0.5 against 0.1")
    offer.take(catalogue(project("books", 1000, 900), project("lunch", 1000, 1000), version=2))
    assert choice.update(1, here, offer.bindings).project == "books", "who has what it needs gives way"


def test_paid_money_is_signed_with_the_rest_and_left_out_for_gateways_that_do_not_read_it() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    told = catalogue(project("books", 1000, 250))
    assert verify(sign(told, key), key.public_key(), 0).projects[0].paid_fen == 250
    assert verify(sign(told, key, 1), key.public_key(), 0).projects[0].paid_fen is None
