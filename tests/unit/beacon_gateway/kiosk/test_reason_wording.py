"""The reasons of a choice, taken apart for the page of staff on site."""

import pytest

from beacon_gateway.kiosk.reason_wording import clauses


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        ("", []),
        ("nothing is near", ["nothing"]),
        ("nothing is near: the beacon before it has not been near for 3.0 s (3 s asked)", ["gone"]),
        ("tag of class card, zone near, smoothed distance 2.1 m (lags): nothing else is near", ["person", "alone"]),
        ("place beacon A: b, zone x, zone far, distance unknown: it now brings another project",
         ["place", "other_project"]),
        ("place beacon A, zone near, smoothed distance 1e-05 m (lags): nearest of 3: the next is 7.5 dB behind;"
         " a needs 0.7 against 0.2",
         ["place", "nearest", "said"]),
        ("tag of class a, zone near, smoothed distance 1 m (lags): priority 5 against -1, and about as near for 3.0 s"
         " (3 s asked)",
         ["person", "overtaking"]),
        ("tag of class a, zone near, distance unknown: nearer by 7.5 dB, more than 6 dB for 3.0 s (3 s asked)",
         ["person", "nearer"]),
        ("somebody is giving", ["giving"]),
        ("its beacon seems to be cloned: two levels at once", ["cloned"]),
        ("something that nobody foresaw", ["said"]),
    ],
)  # fmt: skip
def test_reasons_are_taken_apart_and_what_is_not_known_is_told_as_it_is(reason: str, kinds: list[str]) -> None:
    assert [clause.kind for clause in clauses(reason)] == kinds
