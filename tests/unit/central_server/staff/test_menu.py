"""The menu of the staff pages."""

from itertools import chain

import pytest

from central_server.accounts.access import Access, Role
from central_server.staff.frame.menu import MENU, Entry, groups
from central_server.store.places.places import TOP

ENTRIES = tuple(chain.from_iterable(group.entries for group in MENU))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path)
def test_a_page_and_what_is_below_it_stand_in_one_place(entry: Entry) -> None:
    below = [entry.path, *([] if entry.path == "/staff/" else [f"{entry.path}/7", f"{entry.path}.csv"])]
    for path in [*below, *(f"{at}/new" for at in entry.also)]:
        assert [each.path for each in ENTRIES if each.leads_to(path)] == [entry.path], path


def test_a_page_whose_name_only_begins_alike_is_another_one() -> None:
    assert not any(entry.leads_to("/staff/logout") for entry in ENTRIES)


def test_whoever_has_no_right_there_has_no_empty_group() -> None:
    listed = {group.name: [entry.name for entry in group.entries] for group in groups(Access("x", {TOP: Role.viewer}))}
    assert listed["Money"] == ["Permits and disclosure"]
    assert groups(Access("x", {})) == ()
    assert len(groups(Access("x", {TOP: Role.admin}))) == len(MENU)
