"""An enrolment bundle with a fault names line, key and remedy, and no secret; erased, it leaves nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.setup.bundle_file import erase_bundle, find_bundle, read_bundle
from daemonkit.toml import ConfigRefused, load_text
from sync_contract.enrolment import group_code, new_code
from sync_contract.enrolment_bundle import BUNDLE_FILE, EnrolmentBundle, format_bundle

_CODE = group_code(new_code(bytes(range(15))))
_GOOD = f"""contract = 1
[enrolment]
code = "{_CODE}"
expires = 2026-12-04T08:00:00+08:00
server = "https://give.community.cn"
fingerprint = "{"0" * 26}"
[site]
hall = "大厅"
community = {{ zh-Hans = "华大", zh-Hant = "華大", en = "Huada" }}
environment = "drill"
[network]
wifi = "hall"
passphrase = "eight or more"
"""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_hall_with_any_name_is_read_as_it_was_written(hall: str) -> None:
    bundle = load_text(Path(BUNDLE_FILE), _GOOD, EnrolmentBundle)
    named = bundle.model_copy(update={"site": bundle.site.model_copy(update={"hall": hall})})
    assert load_text(Path(BUNDLE_FILE), format_bundle(named), EnrolmentBundle) == named


def test_a_good_bundle_is_found_read_and_erased(tmp_path: Path) -> None:
    file = tmp_path / BUNDLE_FILE
    file.write_text(_GOOD, "utf-8")
    linked = tmp_path / "same bytes"
    linked.hardlink_to(file)
    assert find_bundle([tmp_path / "none", tmp_path]) == file
    bundle = read_bundle(file)
    assert bundle is not None
    assert group_code(bundle.enrolment.code) == _CODE
    erase_bundle(file)
    assert not linked.read_bytes().strip(b"\x00"), "overwritten before it was deleted"
    assert read_bundle(linked) is None, "what a power cut leaves of it is no fault"
    assert find_bundle([tmp_path]) is None
    erase_bundle(file)


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        (_CODE, _CODE[:-1] + ("0" if _CODE[-1] != "0" else "1"), 3, "enrolment.code"),
        ("https://give.community.cn", "http://give.community.cn", 5, "https://"),
        ('"drill"', '"trial"', 10, "'drill' or 'real'"),
        ('wifi = "hall"', "", None, "is required with passphrase"),
        ("eight or more", "short", 13, "network.passphrase"),
        ("contract = 1", "contract = 2", 1, "contract"),
        ("hall = ", "room = ", 8, "site.room"),
    ],
    ids=["mistyped", "plain-http", "environment", "no-network", "passphrase", "newer", "unknown-key"],
)
def test_each_fault_names_its_line_and_no_secret(
    tmp_path: Path, before: str, after: str, line: int | None, words: str
) -> None:
    file = tmp_path / BUNDLE_FILE
    file.write_text(_GOOD.replace(before, after, 1), "utf-8")
    with pytest.raises(ConfigRefused) as refused:
        read_bundle(file)
    report = str(refused.value)
    assert words in report
    assert line is None or f"{BUNDLE_FILE}:{line}:" in report
    assert not any(secret in report for secret in (_CODE[:11], "eight or more", "short"))
