"""The settlement day of the Chinese clearing banks: it ends at 23:00 in Beijing and has the date of its end."""

from datetime import date, datetime, time, timedelta

from sync_contract.permit import OFFICIAL_TIME

DAY_ENDS = time(23)


def settlement_day(at: datetime) -> date:
    """Return the settlement day of money that moves at that time."""
    local = at.astimezone(OFFICIAL_TIME)
    return local.date() + timedelta(days=local.time() >= DAY_ENDS)


def day_end(day: date) -> datetime:
    """Return the first moment after a settlement day."""
    return datetime.combine(day, DAY_ENDS, OFFICIAL_TIME)
