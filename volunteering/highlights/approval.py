"""Draft, approve and withdraw highlights; each change checks at once whether it is shown now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id
from volunteering.rules.highlights import Approval, ConsentState, HighlightState, Picture, may_be_shown
from volunteering.store import highlights
from volunteering.store.highlights import Consent, Highlight
from volunteering.store.people import Person


class HighlightProblem(StrEnum):
    changed = "changed"
    """It is withdrawn, or was never asked of this person."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`numbers`: hashes of the members on the picture; `papers`: where the forms of the others are filed."""

    community: str
    environment: str
    text: Texts
    day: date
    numbers: Sequence[str]
    papers: Sequence[str]


async def draft(connection: Connection, new: Draft, picture: Picture | None, account: str, now: datetime) -> Highlight:
    """Store it, and ask the members on the picture. Forms on paper count as agreed: staff have them."""
    highlight = Highlight(
        new_id(),
        new.community,
        new.environment,
        new.text.model_dump_json(by_alias=True),
        new.day.isoformat(),
        HighlightState.drafted.value,
        account,
        now,
        now,
    )
    consents = [
        *(_consent(highlight, number, "", ConsentState.asked, now) for number in dict.fromkeys(new.numbers)),
        *(_consent(highlight, None, paper, ConsentState.agreed, now) for paper in dict.fromkeys(new.papers)),
    ]
    await highlights.add(connection, highlight, picture, consents)
    return highlight


def _consent(highlight: Highlight, number: str | None, paper: str, state: ConsentState, now: datetime) -> Consent:
    return Consent(new_id(), highlight.id, highlight.community, number, paper, state.value, now)


async def approve(connection: Connection, highlight: Highlight, approval: Approval, now: datetime) -> HighlightState:
    """`highlight`: locked. Return its state now."""
    if highlight.state == HighlightState.drafted:
        await highlights.approve(connection, highlight, approval, now)
    return await _publish_when_ready(connection, highlight, approval.account, now)


async def answer(
    connection: Connection, highlight: Highlight, number_hash: str, state: ConsentState, by: str, now: datetime
) -> HighlightState | HighlightProblem:
    """Record what a member on the picture says; one who does not want it ends it. `highlight`: locked."""
    consents = await highlights.consents_of(connection, highlight.id)
    mine = next((each for each in consents if each.number_hash == number_hash), None)
    if mine is None or highlight.state == HighlightState.withdrawn:
        return HighlightProblem.changed
    await highlights.set_consent(connection, mine, state, now)
    if state is ConsentState.agreed:
        return await _publish_when_ready(connection, highlight, by, now)
    return await withdraw(connection, highlight, by, now)


async def withdraw(connection: Connection, highlight: Highlight, by: str, now: datetime) -> HighlightState:
    """Delete the pictures and show it nowhere. `highlight`: locked."""
    if highlight.state != HighlightState.withdrawn:
        await highlights.change(connection, highlight, HighlightState.withdrawn, by, now)
    return HighlightState.withdrawn


async def withdraw_all_of(connection: Connection, person: Person, now: datetime) -> None:
    """Withdraw every highlight that shows the person."""
    for each, _consent_of in await highlights.of_number(connection, person.community, person.number_hash or ""):
        locked = await highlights.get(connection, each.id, person.environment, lock=True)
        if locked is not None:
            await withdraw(connection, locked, person.id, now)


async def _publish_when_ready(connection: Connection, highlight: Highlight, by: str, now: datetime) -> HighlightState:
    if highlight.state != HighlightState.drafted:
        return HighlightState(highlight.state)
    approvals = await highlights.approvals_of(connection, highlight.id)
    consents = [ConsentState(each.state) for each in await highlights.consents_of(connection, highlight.id)]
    if not may_be_shown(approvals, consents):
        return HighlightState.drafted
    await highlights.change(connection, highlight, HighlightState.published, by, now)
    return HighlightState.published
