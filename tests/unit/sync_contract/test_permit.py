"""No permit, no button."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from sync_contract.permit import OFFICIAL_TIME, Permit, PermitReason, judge

PERMIT = Permit(
    organisation="演练基金会",
    certificate="演练-1",
    certificate_until=date(2026, 6, 30),
    filing="演练-2",
    area="泉州",
    opens=date(2026, 1, 1),
    closes=date(2026, 12, 31),
)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), PermitReason.not_yet_open),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), PermitReason.holds),  # already the first day in Quanzhou
        (datetime(2026, 6, 30, 23, 59, tzinfo=OFFICIAL_TIME), PermitReason.holds),
        (datetime(2026, 7, 1, 0, 0, tzinfo=OFFICIAL_TIME), PermitReason.certificate_expired),
        (datetime(2027, 1, 1, 0, 0, tzinfo=OFFICIAL_TIME), PermitReason.closed),
        (None, PermitReason.time_uncertain),
    ],
)
def test_days_are_counted_in_official_time_and_both_ends_belong(at: datetime | None, reason: PermitReason) -> None:
    judgement = judge(PERMIT, at)
    assert judgement.reason is reason
    assert judgement.open is (reason is PermitReason.holds)


def test_a_project_without_a_permit_is_never_open() -> None:
    assert not judge(None, datetime(2026, 3, 1, tzinfo=UTC)).open


def test_a_permit_that_closes_before_it_opens_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"closes: .* is before opens"):
        Permit.model_validate(PERMIT.model_dump() | {"closes": date(2025, 1, 1)})
