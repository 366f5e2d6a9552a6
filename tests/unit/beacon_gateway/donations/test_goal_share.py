"""Among equal projects, the screen shows the one that lacks the larger share of its goal."""

from datetime import UTC, datetime

import pytest

from beacon_gateway.donations.offer import Offer
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.statistics import Collector
from sync_contract.catalogue import Binding, Catalogue
from sync_contract.project import Project
from sync_contract.project_rules import GreatestNeed
from tests.unit.beacon_gateway.donations.projects import LUNCH
from tests.unit.beacon_gateway.presence.people import about, chosen_by, place, visit_of

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


def test_the_project_that_lacks_more_is_shown_with_this_reason() -> None:
    offer = Offer([], {}, now=lambda: NOW)
    choice = build_choice(
        ChoiceRules(),
        ProjectRules(),
        Collector([CORNER]),
        official=lambda _: None,
        bound=lambda: offer.bound,
        need=lambda: offer.need,
    )
    visits = {CORNER.id: visit_of(CORNER, 0.0)}
    offer.take(catalogue(project("books", 1000, 900), project("lunch", 1000, 500)))
    chosen = choice.update(0, visits, offer.bindings)
    assert chosen.project == "lunch"
    assert chosen_by(chosen).selection == GreatestNeed(0.5, about(0.1))
    offer.take(catalogue(project("books", 1000, 900), project("lunch", 1000, 1000), version=2))
    assert choice.update(1, visits, offer.bindings).project == "books", "a funded project has no need"
