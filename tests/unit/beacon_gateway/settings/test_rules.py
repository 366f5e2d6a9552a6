"""Which project goes first, and what is expected of a beacon: from the TOML's words to the rules."""

from datetime import time
from pathlib import Path

import pytest

from beacon_gateway import settings_mapping
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.project_selection import Hours, ProjectRule
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from tests.unit.beacon_gateway.presence.test_statistics import START
from tests.unit.beacon_gateway.settings.test_settings import MINIMAL, SECOND_PROJECT, faults

BOOKS = SECOND_PROJECT.replace('id = "lunch"', 'id = "books"')
SEVERAL = MINIMAL.replace(
    'label = "east gate"\nproject = "lunch"', 'label = "east gate"\nprojects = ["books", "lunch"]'
)
VALID = f"""{SEVERAL.replace("minor = 3", "minor = 3" + chr(10) + "interval_ms = 500")}
{BOOKS}
[[rules]]
project = "lunch"
priority = 3
hours = ["10:00-13:30", "22:00-06:00"]
"""


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    return load(tmp_path / "gateway.toml", Settings)


def test_a_beacon_may_bring_several_projects_and_a_project_may_have_its_hours(tmp_path: Path) -> None:
    settings = loaded(tmp_path, VALID)
    rules = settings_mapping.project_rules(settings)
    wall = settings.beacons[0].id
    assert rules.of(wall, settings_mapping.bindings(settings)[wall]) == ("books", "lunch")
    noon, night = Hours(time(10), time(13, 30)), Hours(time(22), time(6))
    assert rules.rule("lunch") == ProjectRule(3, (noon, night))
    assert rules.rule("books") == ProjectRule(0, ())


def test_a_beacon_with_one_project_needs_no_rule(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL)
    assert settings_mapping.project_rules(settings).several == {}
    assert settings_mapping.bindings(settings)[settings.beacons[0].id] == "lunch"


def test_our_own_advert_and_person_tags_are_not_expected(tmp_path: Path) -> None:
    settings = loaded(tmp_path, VALID)
    statistics = settings_mapping.collector(settings).harvest(START, 300)
    assert statistics is not None
    assert [(row.beacon, row.expected_frames) for row in statistics.places] == [(settings.beacons[0].id, 594)]
    listed_too = loaded(tmp_path, VALID.replace("minor = 3\n", "minor = 2\n"))
    assert settings_mapping.collector(listed_too).harvest(START, 300) is None
    collector = settings_mapping.collector(settings)
    for number in range(500):
        collector.add_frame(Sighting(settings.advertise.identities[0].id, -60, number / 50, -59, "hci1"))
    assert collector.describe(10.0)["cloned"] == 1, "five times our own rate"
    assert [beacon.own for beacon in settings_mapping.known_beacons(listed_too)] == [True, False], (
        "also when it is listed"
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'projects = ["books", "lunch"]',
            'projects = ["books", "dinner"]',
            "beacons[0].projects[1]: 没有 id 是它的 [[projects]]",
        ),
        ('projects = ["books", "lunch"]', 'projects = ["lunch", "lunch"]', "is the same as projects[0]"),
        ('projects = ["books"', 'project = "books"\nprojects = ["books"', "cannot both be set"),
        (
            "priority = 3",
            "priority = 101",
            "rules[0].priority: 不能大于 100(-100 到 100) must be less than or equal to 100",
        ),
        ('"10:00-13:30"', '"10-13"', 'rules[0].hours[0]: 写法不对,应如 "10:00-13:30" 或 "22:00-06:00" is not'),
        (
            "[[rules]]",
            '[[rules]]\nproject = "books"\n[[rules]]\nproject = "books"\n[[rules]]',
            "is the same as rules[0]",
        ),
        (
            '[[rules]]\nproject = "lunch"',
            '[[rules]]\nproject = "dinner"',
            "rules[0].project: 没有 id 是它的 [[projects]]",
        ),
    ],
)
def test_an_invalid_rule_is_a_fault(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in VALID
    found = faults(tmp_path, VALID.replace(old, new, 1))
    assert len(found) == 1
    assert fault in found[0]
