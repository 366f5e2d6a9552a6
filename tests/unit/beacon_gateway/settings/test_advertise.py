"""[advertise]: several identities, the exact layout, and contradictions."""

from pathlib import Path

import pytest

from beacon_gateway import settings_mapping
from beacon_gateway.settings import Settings
from daemonkit.toml import ConfigRefused, load
from tests.paths import ROOT

CONFIG = ROOT / "config" / "gateway.toml"
OWN = "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"
MORE = '[[advertise.more]]\nuuid = "{uuid}"\nmajor = 1\nminor = {minor}\n'


def settings(folder: Path, more: str = "", **keys: str) -> Settings:
    text = CONFIG.read_text("utf-8")
    for key, value in keys.items():
        text = text.replace(f"\n{key} = ", f"\n{key} = {value} # was ", 1)
    file = folder / "gateway.toml"
    file.write_text(text.replace("\n[presence]", f"\n{more}\n[presence]", 1), "utf-8")
    return load(file, Settings)


def test_each_identity_is_advertised_known_and_bound(tmp_path: Path) -> None:
    read = settings(tmp_path, MORE.format(uuid=OWN, minor=9) + 'project = "elder-lunch"\nmeasured_power = -50\n')
    plan = settings_mapping.radio_plan(read)
    assert [(frame.minor, frame.measured_power) for frame in plan.frames] == [(1, -59), (9, -50)]
    assert {beacon.id.minor for beacon in settings_mapping.known_beacons(read)} >= {1, 9}
    assert {beacon.minor for beacon in settings_mapping.bindings(read)} >= {1, 9}


def test_nothing_is_advertised_when_disabled(tmp_path: Path) -> None:
    assert settings_mapping.radio_plan(settings(tmp_path, MORE.format(uuid=OWN, minor=9), enabled="false")).frames == ()


def test_exact_goes_through_the_helper(tmp_path: Path) -> None:
    plan = settings_mapping.radio_plan(settings(tmp_path, exact="true"))
    assert (plan.advertise_mode, str(plan.helper)) == ("exact", "/run/beacon-radio/helper.sock")


@pytest.mark.parametrize(
    ("more", "keys", "reason"),
    [
        ("", {"exact": "true", "mode": '"peripheral"'}, "is never connectable"),
        (MORE.format(uuid=OWN, minor=1), {}, "advertise.more[0]: 这个身份已经在发了 is advertised already"),
        (
            MORE.format(uuid=OWN, minor=9) + 'project = "nobody"\n',
            {},
            "advertise.more[0].project: 没有 id 是它的 [[projects]]",
        ),
        ("".join(MORE.format(uuid=OWN, minor=9 + n) for n in range(5)), {}, "advertise.more"),
        ("", {"helper_socket": '"run/helper"'}, "radio.helper_socket"),
    ],
)
def test_a_contradiction_is_reported(tmp_path: Path, more: str, keys: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        settings(tmp_path, more, **keys)
    assert reason in str(refused.value)
