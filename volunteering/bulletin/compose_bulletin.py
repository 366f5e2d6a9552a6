"""Compose a community's bulletin from what everybody may see: no name, and no address below the grid."""

from base64 import b64encode
from datetime import date, datetime, time, timedelta
from urllib.parse import quote

from central_server.store.engine.connection import Connection
from sync_contract.bulletin import Bulletin, BulletinActivity, BulletinHighlight, BulletinRequest, HelpKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from volunteering.rules.highlights import picture_may_be_on_a_screen
from volunteering.store import activities, highlights, requests, sign_ups
from volunteering.store.activities import ActivityState
from volunteering.store.highlights import Highlight

_MAX_ACTIVITIES, _MAX_REQUESTS, _MAX_HIGHLIGHTS = 20, 40, 6


async def compose_bulletin(connection: Connection, community: str, environment: Environment, now: datetime) -> Bulletin:
    """Return the activities of today and tomorrow and the open requests: a kiosk may be without a network for a day."""
    last = datetime.combine(now.astimezone(OFFICIAL_TIME).date() + timedelta(days=2), time(), OFFICIAL_TIME)
    coming = await activities.coming(connection, community, environment.value, now)
    listed = [each for each in coming if each.shift.state is ActivityState.open and each.shift.starts < last]
    uses = await sign_ups.uses(connection, {each.shift.id: each.shift.seats for each in listed})
    waiting = await requests.open_in(connection, community, environment.value)
    shown = await highlights.published_in(connection, community, environment.value, _MAX_HIGHLIGHTS)
    return Bulletin(
        environment=environment,
        issued_at=now,
        home=f"/community/{quote(community, safe='')}",
        activities=tuple(
            BulletinActivity(
                title=each.activity.title,
                meeting=each.activity.meeting,
                starts=each.shift.starts,
                ends=each.shift.ends,
                seats=each.shift.seats,
                free=uses[each.shift.id].free,
            )
            for each in listed[:_MAX_ACTIVITIES]
        ),
        requests=tuple(
            BulletinRequest(kind=HelpKind(each.category), grid=each.grid, wanted_on=date.fromisoformat(each.wanted_on))
            for each in waiting[:_MAX_REQUESTS]
        ),
        highlights=tuple([await _highlight(connection, each) for each in shown]),
    )


async def _highlight(connection: Connection, highlight: Highlight) -> BulletinHighlight:
    """Return it with its picture only if nobody can be recognised on it."""
    picture = await highlights.picture_of(connection, highlight.id)
    people = len(await highlights.consents_of(connection, highlight.id))
    on_screen = picture_may_be_on_a_screen(await highlights.approvals_of(connection, highlight.id), people)
    return BulletinHighlight(
        text=highlight.texts,
        day=date.fromisoformat(highlight.day),
        picture=b64encode(picture.small).decode() if picture is not None and on_screen else "",
    )
