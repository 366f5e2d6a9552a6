"""Tests of the clauses of a reason for the pages of staff on site."""

import re

import pytest

from beacon_gateway.kiosk.reason_wording import build_clauses
from beacon_gateway.model.reasons import Reason
from kiosk_ui.render import FOLDER
from kiosk_ui.site_views import Clause
from tests.unit.beacon_gateway.presence.test_reason_wording import REASONS

TEMPLATE = (FOLDER / "templates" / "site_reason.html").read_text("utf-8")
FACTS = {
    kind: set(re.findall(r"\bf\.(\w+)", text))
    for kind, text in re.findall(r'part\.kind == "(\w+)" %}(.*?)(?=\n\{%- (?:elif|endif))', TEMPLATE, re.DOTALL)
}


@pytest.mark.parametrize("reason", REASONS, ids=lambda each: each.kind)
def test_the_template_words_every_clause_with_facts_that_it_has(reason: Reason) -> None:
    for clause in build_clauses(reason):
        if clause.kind != "person_tag":  # only in files and for other programs
            assert FACTS[clause.kind] <= clause.facts.keys()


def test_no_reason_has_no_clauses_and_numbers_are_short() -> None:
    assert build_clauses(None) == ()
    assert Clause("silence", {"silent_s": "10", "heard_s": "4"}) in [c for each in REASONS for c in build_clauses(each)]
