"""Sum up today's confirmed gifts, in whole groups of five."""

from datetime import UTC, datetime

from beacon_gateway.model.gateway_facts import DayTotal
from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment

_GROUP = 5
_PAID = """
    SELECT intents.amount_minor FROM intent_states JOIN intents ON intents.id = intent_states.intent
    WHERE state = ? AND environment = ? AND currency = 'CNY' AND NOT EXISTS (
        SELECT 1 FROM intent_states AS earlier
        WHERE earlier.intent = intents.id AND earlier.state = intent_states.state
        AND earlier.change < intent_states.change
    ) AND at >= ? ORDER BY at, intent
"""


async def read_day_total(database: Database, environment: Environment, now: datetime) -> DayTotal:
    """Return the total of the day of `now` in official time. Raises StoreUnavailable.

    A gift joins the end of the order when it is confirmed, so a group that was shown once does not change.
    """
    midnight = now.astimezone(OFFICIAL_TIME).replace(hour=0, minute=0, second=0, microsecond=0)

    def work(tables: Tables) -> DayTotal:
        since = midnight.astimezone(UTC).isoformat()
        amounts = [minor for (minor,) in tables.execute(_PAID, IntentState.paid, environment, since)]
        shown = amounts[: len(amounts) // _GROUP * _GROUP]
        return DayTotal(len(shown), sum(shown))

    return await database.read(work)
