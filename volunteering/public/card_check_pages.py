"""Serve the pages on which anybody checks a volunteer card: the result of a code, and the check without a network.

`/k/at/<community>`, opened once, lets the phone check codes without a network: its worker answers the address of a code
with that page, and `card_check.js` judges the code with the keys of the last list. These addresses contain nothing
about a person, and the log names only their pattern.
"""

from pathlib import Path

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.database import Database
from central_server.store.places import places
from kiosk_ui.number_format import moment
from sync_contract.card_code import PATH
from sync_contract.strict_model import Environment
from volunteering.cards.card_number import written
from volunteering.cards.check_card import check_card
from volunteering.people.membership import Membership
from volunteering.public.card_views import CardCheckPage
from volunteering.public.community import community_path, find_community
from volunteering.rules.cards import CardVerdict
from volunteering.store import cards

_SCRIPTS = Path(__file__).parents[1] / "static"
_CODE = "{code:[0-9A-Za-z]{100,200}}"
_ROOT = PATH.lower()
_PLACE = "{place:[^/]{1,64}}"
PREPARING = "preparing"


class CardCheckPages:
    def __init__(
        self, membership: Membership, responder: PageResponder, *, rate: float = 10.0, burst: int = 1200
    ) -> None:
        self._database: Database = membership.database
        self._environment: Environment = membership.environment
        self._clock = membership.clock
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.get(f"{root}{_CODE}", self._show) for root in (PATH, _ROOT)),
            web.get(f"{_ROOT}at/{_PLACE}", self._prepare),
            web.get(f"{_ROOT}keys/{_PLACE}.json", self._keys),
            web.get(f"{_ROOT}card_check.js", self._script),
            web.get(f"{_ROOT}worker.js", self._worker),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        async with self._database.read() as connection:
            checked = await check_card(connection, request.match_info["code"], self._environment, self._clock())
        if checked.community:
            request[PLACE] = checked.community
        code = checked.code
        view = CardCheckPage(
            checked.verdict.value,
            community=checked.community,
            number="" if code is None else written(code.number),
            stars=0 if code is None else code.stars,
            issued="" if code is None else moment(code.issued_at, language(request)),
            root=community_path(checked.community) if checked.community else "",
        )
        return await self._responder.page(request, view, 200 if checked.verdict is CardVerdict.valid else 409)

    async def _prepare(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        list_path, shell = f"{_ROOT}keys/{community.id}.json", f"{_ROOT}at/{community.id}"
        view = CardCheckPage(PREPARING, shell, list_path, community.id, root=community_path(community.id))
        return await self._responder.page(request, view)

    async def _keys(self, request: web.Request) -> web.Response:
        """Return the keys of this server's communities, and the community's cards that are not valid any more."""
        self._limit.check(request)
        environment = self._environment.value
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            keys = await cards.every_key(connection, environment)
            ended = await cards.ended_numbers(connection, community.id, environment)
            names = {each.community: await places.get(connection, each.community) for each in keys}
        listed = [
            {
                "id": each.id,
                "own": each.community == community.id,
                "name": {} if (place := names[each.community]) is None else place.names.model_dump(by_alias=True),
                "public": each.public,
            }
            for each in keys
        ]
        now = int(self._clock().timestamp())
        content = {"now": now, "environment": environment, "community": community.id, "keys": listed, "ended": ended}
        return web.json_response(content)

    async def _script(self, _request: web.Request) -> web.Response:
        return _javascript("card_check.js")

    async def _worker(self, _request: web.Request) -> web.Response:
        """The header lets one worker answer the addresses in capitals too."""
        response = _javascript("card_check_worker.js")
        response.headers["Service-Worker-Allowed"] = "/"
        return response


def _javascript(name: str) -> web.Response:
    body = (_SCRIPTS / name).read_bytes()
    return web.Response(body=body, content_type="text/javascript", charset="utf-8")
