"""Issue a person's card, end it, and sign its code."""

from datetime import datetime

from central_server.receipts.sealed_data import Seal
from central_server.store.engine.connection import Connection
from sync_contract.card_code import CardCode, encode
from sync_contract.strict_model import Environment
from volunteering.cards.card_keys import ensure_key, open_key
from volunteering.rules.cards import MAY_TAKE_NEW, CardAction, CardState, next_state
from volunteering.store import cards, people
from volunteering.store.cards import Card
from volunteering.store.people import Person, PersonState


async def issue_card(connection: Connection, seal: Seal, person: Person, now: datetime) -> Card | None:
    """Return the person's card, a new one where they may take one; None if they may not."""
    current = await people.get(connection, person.id, lock=True)
    if current is None or current.state != PersonState.active:
        return None
    card = await cards.newest_of(connection, person.id)
    if card is not None and card.state not in MAY_TAKE_NEW:
        return card
    await ensure_key(connection, seal, person.community, person.environment, now)
    return await cards.issue(connection, person, now)


async def change_card(
    connection: Connection, card: Card, action: CardAction, by: str, now: datetime, *, reason: str = ""
) -> CardState | None:
    """Return the new state, None if the action is not possible. `card`: locked."""
    state = next_state(CardState(card.state), action)
    if state is not None:
        await cards.change(connection, card, state, by, now, reason=reason)
    return state


async def end_card(connection: Connection, person: Person, now: datetime) -> bool:
    """Report the person's card as lost. Return whether it was valid before."""
    await people.get(connection, person.id, lock=True)
    card = await cards.newest_of(connection, person.id)
    return card is not None and await change_card(connection, card, CardAction.lose, person.id, now) is not None


async def sign_code(connection: Connection, seal: Seal, card: Card, stars: int, now: datetime) -> str:
    """Return the code of an active card. Raises SealBroken."""
    key = await cards.key_of(connection, card.community, card.environment)
    assert key is not None, "a card is issued after its key"
    code = CardCode(Environment(card.environment), card.number, stars, now.replace(microsecond=0))
    return encode(code, open_key(seal, key))
