"""Tests of changes to TOML texts, read back with tomllib."""

import tomllib

import pytest

from daemonkit.toml_edit import edit_toml

TEXT = """\
# first
[presence]
near_m = 4.0  # metres

# the beacons
[[beacons]]
label = "wall"   # fixed

# the tag
[[beacons]]
label = "tag"

# what follows
[[rules]]
project = "a"
"""


def test_a_new_key_comes_before_the_comments_of_the_next_table() -> None:
    wanted = [
        (("presence", "near_m"), 2.5),
        (("beacons", 0, "levels"), {"hci0": -71.5}),
        (("beacons", 1, "measured_power"), -65),
        (("rules", 0, "project"), "a"),
        (("new", "key"), True),
    ]
    text, changes = edit_toml(TEXT, wanted)
    expected = TEXT.replace("4.0", "2.5").replace("# fixed\n", "# fixed\nlevels = {hci0 = -71.5}\n")
    expected = expected.replace('"tag"\n', '"tag"\nmeasured_power = -65\n') + "\n[new]\nkey = true\n"
    assert text == expected
    assert tomllib.loads(text)["beacons"][1] == {"label": "tag", "measured_power": -65}
    assert [str(each) for each in changes] == [
        "presence.near_m = 2.5 (was 4.0)",
        "beacons[0].levels = { hci0 = -71.5 }",
        "beacons[1].measured_power = -65",
        "new.key = true",
    ]


def test_an_element_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        edit_toml(TEXT, [(("beacons", 2, "label"), "x")])
