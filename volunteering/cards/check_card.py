"""Judge a scanned code of a card by the server's clock and the cards as they are now."""

from dataclasses import dataclass
from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.card_code import CardCode, CardCodeRefused, parse, read_public
from sync_contract.strict_model import Environment
from volunteering.rules.cards import CardState, CardVerdict, judge_time
from volunteering.store import cards


@dataclass(frozen=True, slots=True)
class CheckedCard:
    """`code` and `community`: of a code with a valid signature, else None and ""."""

    verdict: CardVerdict
    code: CardCode | None = None
    community: str = ""


async def check_card(connection: Connection, text: str, environment: Environment, now: datetime) -> CheckedCard:
    try:
        unverified = parse(text)
    except CardCodeRefused:
        return CheckedCard(CardVerdict.forged)
    key = await cards.get_key(connection, unverified.key, environment.value)
    if key is None:
        return CheckedCard(CardVerdict.unknown)
    try:
        code = unverified.verify(read_public(key.public))
    except CardCodeRefused:
        return CheckedCard(CardVerdict.forged)
    card = await cards.of_number(connection, environment.value, code.number)
    if code.environment is not environment or card is None or card.community != key.community:
        return CheckedCard(CardVerdict.forged)
    verdict = judge_time(code.issued_at, now)
    return CheckedCard(verdict if card.state == CardState.active else CardVerdict.ended, code, key.community)
