"""Print the letter of thanks for a gift whose money was spent, for a giver at the desk. No address is stored for it."""

from collections.abc import Callable

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.thanks import write_message
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.store.donations import attempts, intents
from central_server.store.ledger import ledger_lines
from central_server.store.places import places
from sync_contract.strict_model import Environment


class LetterPage:
    """`address`: this server's origin for phones."""

    def __init__(self, frame: PageFrame, environment: Environment, address: Callable[[], str]) -> None:
        self._frame = frame
        self._environment = environment
        self._address = address

    def routes(self) -> list[web.RouteDef]:
        path = "/staff/gifts/{gateway:[0-9a-f]{16}}/{intent:[0-9a-f]{32}}/letter"
        return [self._frame.page(path, self._show, Right.money)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        wanted = visitor.request.match_info
        async with visitor.database.read() as connection:
            intent = await intents.get(connection, wanted["gateway"], wanted["intent"])
            if intent is None or intent.environment != self._environment:
                raise web.HTTPNotFound
            await visitor.demand(connection, intent.community)
            tried = await attempts.of_intent(connection, intent.gateway, intent.id)
            posted = await ledger_lines.of_attempts(connection, [attempt.id for attempt in tried])
            letters = []
            for line in (each for each in posted if each.slip is not None):
                message = await write_message(
                    connection, line, self._environment, visitor.language, lambda path: f"{self._address()}{path}"
                )
                letters += [] if message is None else [(line.slip, message)]
            place = await places.get(connection, intent.community)
        return HtmlPage("letter.html", {"intent": intent, "letters": letters, "place": place})
