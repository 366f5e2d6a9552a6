"""Serve a member's own card. A GET changes nothing."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.places.places import Place
from kiosk_ui.number_format import moment
from kiosk_ui.paper.certificate import CertificateFacts, CertifiedPlace, certificate_pdf
from kiosk_ui.paper.typesetting import TypesettingUnavailable
from sync_contract.card_code import PATH, VALID_FOR
from sync_contract.code_address import in_capitals
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from volunteering.cards.card_facts import CardFacts, ServicePlace, load_facts
from volunteering.cards.card_number import written
from volunteering.cards.issue_card import end_card, issue_card, sign_code
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.card_views import CardPage, PlaceLine
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import form_token, read_member_form
from volunteering.rules.cards import CardState
from volunteering.store import cards
from volunteering.store.people import Person

_log = structlog.get_logger()


class CardPages:
    """`address`: returns the origin that phones reach."""

    def __init__(
        self,
        membership: Membership,
        responder: PageResponder,
        address: Callable[[], str],
        *,
        rate: float = 1.0,
        burst: int = 60,
    ) -> None:
        self._membership = membership
        self._responder = responder
        self._address = address
        self._limit = RateLimit(rate, burst, together=100)
        self._printer = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{AT}/card", self._show),
            web.get(f"{AT}/card/certificate.pdf", self._print),
            web.post(f"{AT}/card/issue", self._issue),
            web.post(f"{AT}/card/lost", self._lose),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        community, person = await self._reader(request)
        return await self._card(request, community, person)

    async def _card(
        self, request: web.Request, community: Place, person: Person, *, unprintable: bool = False
    ) -> web.Response:
        membership, now, reader = self._membership, self._membership.clock(), language(request)
        async with membership.database.read() as connection:
            facts = await load_facts(connection, person.id)
            card, code = await cards.newest_of(connection, person.id), ""
            if card is not None and card.state == CardState.active:
                code = await sign_code(connection, membership.seal.seal, card, facts.stars, now)
        view = CardPage(
            community_path(community.id),
            membership.seal.open(person).name,
            "" if card is None else card.state,
            "" if card is None else written(card.number),
            in_capitals(f"{self._address()}{PATH}{code}") if code else "",
            moment(now + VALID_FOR - timedelta(seconds=now.second), reader),
            facts.stars,
            facts.missing,
            facts.total,
            tuple((grade.value, minutes) for grade, minutes in facts.minutes.items()),
            facts.people_served,
            _place_lines(facts, reader),
            "" if card is None else card.reason,
            unprintable,
        )
        return await self._responder.page(request, view, 503 if unprintable else 200, csrf=form_token(request))

    async def _print(self, request: web.Request) -> web.Response:
        """Return the certificate of a valid card with hours."""
        self._limit.check(request)
        community, person = await self._reader(request)
        membership, reader = self._membership, language(request)
        async with membership.database.read() as connection:
            facts = await load_facts(connection, person.id)
            card = await cards.newest_of(connection, person.id)
        if card is None or card.state != CardState.active or facts.first is None or facts.last is None:
            raise web.HTTPSeeOther(f"{community_path(community.id)}/card")
        printed = CertificateFacts(
            environment=membership.environment,
            community=community.names,
            name=membership.seal.open(person).name,
            card=written(card.number),
            issued_on=membership.clock().astimezone(OFFICIAL_TIME).date(),
            first=facts.first.astimezone(OFFICIAL_TIME).date(),
            last=facts.last.astimezone(OFFICIAL_TIME).date(),
            minutes=[(grade.value, minutes) for grade, minutes in facts.minutes.items()],
            people_served=facts.people_served,
            places=[CertifiedPlace(each.meeting, each.times, each.minutes) for each in facts.places],
        )
        languages = (reader,) if reader is not Language.en else (Language.zh_hans, Language.en)
        try:
            async with self._printer:  # a second of CPU each: one at a time
                pdf = await asyncio.to_thread(certificate_pdf, printed, languages)
        except TypesettingUnavailable as error:
            _log.error("volunteers.typesetting_unavailable", reason=str(error))
            return await self._card(request, community, person, unprintable=True)
        headers = {"Content-Disposition": 'attachment; filename="certificate.pdf"'}
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)

    async def _reader(self, request: web.Request) -> tuple[Place, Person]:
        """Return the logged-in person. Raises HTTPSeeOther without a session in this community."""
        async with self._membership.database.read() as connection:
            community = await find_community(connection, request)
        person = await self._membership.find(read_token(request), community.id)
        if person is None:
            root = community_path(community.id)
            raise web.HTTPSeeOther(f"{root}/join?next={root}/card")
        return community, person

    async def _issue(self, request: web.Request) -> web.Response:
        community, person = await self._member(request)
        membership = self._membership
        work = partial(issue_card, seal=membership.seal.seal, person=person, now=membership.clock())
        await membership.database.written(work)
        raise web.HTTPSeeOther(f"{community_path(community.id)}/card")

    async def _lose(self, request: web.Request) -> web.Response:
        community, person = await self._member(request)
        await self._membership.database.written(partial(end_card, person=person, now=self._membership.clock()))
        raise web.HTTPSeeOther(f"{community_path(community.id)}/card")

    async def _member(self, request: web.Request) -> tuple[Place, Person]:
        """Return the person of a form. Raises 403, 429, and HTTPSeeOther without a session in this community."""
        self._limit.check(request)
        async with self._membership.database.read() as connection:
            community = await find_community(connection, request)
        person, _form = await read_member_form(request, self._membership, community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{community_path(community.id)}/join")
        return community, person


def _place_lines(facts: CardFacts, reader: Language) -> tuple[PlaceLine, ...]:
    return tuple(PlaceLine(_name(each, reader), each.times, each.minutes) for each in facts.places)


def _name(place: ServicePlace, reader: Language) -> str:
    return "" if place.meeting is None else place.meeting[reader]
