"""The menu of the staff pages."""

from itertools import chain

import pytest

from central_server.accounts.access import Access, Role
from central_server.staff.frame.menu import MENU, Entry, groups
from central_server.store.places.places import TOP

ENTRIES = tuple(chain.from_iterable(group.entries for group in MENU))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path)
def test_a_page_and_its_subpages_select_one_entry(entry: Entry) -> None:
    below = [entry.path, *([] if entry.path == "/staff/" else [f"{entry.path}/7", f"{entry.path}.csv"])]
    for path in [*below, *(f"{at}/new" for at in entry.also)]:
        assert [each.path for each in ENTRIES if each.leads_to(path)] == [entry.path], path


def test_a_common_name_prefix_does_not_select_an_entry() -> None:
    assert not any(entry.leads_to("/staff/logout") for entry in ENTRIES)


def test_a_group_without_permitted_entries_is_omitted() -> None:
    listed = {group.name: [entry.name for entry in group.entries] for group in groups(Access("x", {TOP: Role.viewer}))}
    assert listed["Money"] == ["Permits and disclosure"]
    assert groups(Access("x", {})) == ()
    assert len(groups(Access("x", {TOP: Role.admin}))) == len(MENU)
