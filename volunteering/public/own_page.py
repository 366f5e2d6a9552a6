"""Serve a member's own page: their coming shifts, their data, and how to take it away or erase it."""

import json
from dataclasses import asdict
from datetime import datetime
from functools import partial

import structlog
from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.connection import Connection
from central_server.store.places.places import Place
from kiosk_ui.number_format import moment
from volunteering.activities.sign_up import erase_person
from volunteering.cards.issue_card import end_card
from volunteering.highlights.approval import withdraw_all_of
from volunteering.merging.merge_people import end as end_merge
from volunteering.people.login_cards import revoke_card
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.people.sealed_person import MessageNumber
from volunteering.pool.act_on_membership import erase_member
from volunteering.pool.enlist import Listed
from volunteering.public.activity_lines import load_lines
from volunteering.public.claim_lines import load_claims
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import end, form_token, read_member_form
from volunteering.public.views import ErasedPage, OwnPage
from volunteering.requests.act_on_request import erase_requests
from volunteering.requests.request_form import Address
from volunteering.rules.merges import MergeState
from volunteering.rules.minors import AgeBand
from volunteering.rules.phone_number import hide_middle
from volunteering.store import (
    activities,
    attendances,
    cards,
    claims,
    dispatch,
    guardians,
    highlights,
    login_cards,
    merges,
    people,
    pool,
    requests,
    service_records,
    sign_ups,
)
from volunteering.store.dispatch import WillingTimes
from volunteering.store.guardians import Guardian
from volunteering.store.people import Person
from volunteering.store.requests import Request

_log = structlog.get_logger()


class OwnPages:
    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 0.5, burst: int = 60) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{AT}/me", self._show),
            web.post(f"{AT}/me/data.json", self._export),
            web.post(f"{AT}/me/erase", self._erase),
            web.post(f"{AT}/me/login-card/revoke", self._revoke_card),
            web.post(f"{AT}/me/log-out", self._log_out),
            web.post(f"{AT}/me/merges/{{merge:[0-9a-f]{{32}}}}/object", self._object),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        membership, now = self._membership, self._membership.clock()
        community = await self._community(request)
        person = await membership.find(read_token(request), community.id)
        root = community_path(community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{root}/join?next={root}/me")
        async with membership.database.read() as connection:
            own = await sign_ups.active_of(connection, person.id, now)
            found = await activities.of_ids(connection, [each.shift for each in own])
            listed = [found[each.shift] for each in own]
            lines = await load_lines(connection, listed, person, language(request), now)
            asked = await dispatch.open_of(connection, person.id, now)
            card = await login_cards.valid_of(connection, person.id)
            joined = await merges.open_of(connection, [person.id])
            guardian = await guardians.valid_of(connection, person.id)
            claimed = await load_claims(connection, person.id, language(request), now)
        consent = "" if person.birth_band == AgeBand.adult else "missing" if guardian is None else "given"
        contact = membership.seal.open(person)
        number = hide_middle(contact.mobile) if contact.mobile else ""
        issued, used = (
            moment(at, language(request)) if at else "" for at in (card and card.issued_at, card and card.used_at)
        )
        view = OwnPage(
            contact.name,
            number,
            lines,
            root,
            len(asked),
            claimed,
            issued,
            used,
            tuple(each.id for each in joined),
            consent,
        )
        return await self._responder.page(request, view, csrf=form_token(request))

    async def _export(self, request: web.Request) -> web.Response:
        """Return everything that is stored about the person, as a file."""
        _community, person = await self._member(request)
        async with self._membership.database.read() as connection:
            stored = {
                "name": self._membership.seal.open(person).name,
                "mobile": self._membership.seal.open(person).mobile,
                "joined_at": person.joined_at,
                "birth_band": person.birth_band,
                "guardians": [self._guardian(each) for each in await guardians.every_of(connection, person.id)],
                "consents": [asdict(each) for each in await people.consents_of(connection, person.id)],
                "requests": [self._request(each) for each in await requests.every_of(connection, person.id)],
                "attendances": [asdict(each) for each in await attendances.every_of(connection, person.id)],
                "willing_times": _optional(await dispatch.willing_of(connection, person.id)),
                "proposals": [asdict(each) for each in await dispatch.every_of(connection, person.id)],
                "login_cards": [asdict(each) for each in await login_cards.every_of(connection, person.id)],
                "cards": [asdict(each) for each in await cards.every_of(connection, person.id)],
                "claim_decisions": [asdict(each) for each in await claims.every_of(connection, person.id)],
                "service_records": [asdict(each) for each in await service_records.every_of(connection, person.id)],
                "pictures": [
                    asdict(consent)
                    for _, consent in await highlights.of_number(connection, person.community, person.number_hash or "")
                ],
                "talent_pool": await self._pool(connection, person),
                "sign_ups": [asdict(each) for each in await sign_ups.every_of(connection, person.id)],
            }
        text = json.dumps(stored, default=_plain, ensure_ascii=False, indent=1)
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return web.Response(text=text, content_type="application/json", headers=headers)

    def _guardian(self, guardian: Guardian) -> dict[str, object]:
        number = ""
        if guardian.sealed:
            number = self._membership.seal.open_message(guardian.id, guardian.sealed, MessageNumber).mobile
        return {"mobile": number, "since": guardian.since, "until": guardian.until}

    async def _pool(self, connection: Connection, person: Person) -> list[dict[str, object]]:
        """Return the memberships of units, with what the units wrote."""
        if person.number_hash is None:
            return []
        member = await pool.member_of(connection, person.community, person.environment, person.number_hash)
        if member is None:
            return []
        found = (await pool.of_members(connection, [member.id])).get(member.id, [])
        seal = self._membership.seal
        return [
            {
                **asdict(each),
                "sealed": asdict(seal.open_membership(each.id, each.sealed, Listed)) if each.sealed else None,
            }
            for each in found
        ]

    def _request(self, request: Request) -> dict[str, object]:
        sealed = self._membership.seal.open_request(request.id, request.sealed, Address)
        return {**asdict(request), "sealed": asdict(sealed)}

    async def _erase(self, request: web.Request) -> web.Response:
        community, person = await self._member(request)
        await self._membership.database.written(partial(_erase, person=person, now=self._membership.clock()))
        _log.info("volunteers.person_erased", community=community.id)
        response = await self._responder.page(request, ErasedPage(community_path(community.id)))
        end(request, response)
        return response

    async def _revoke_card(self, request: web.Request) -> web.Response:
        community, person = await self._member(request)
        await self._membership.database.written(partial(revoke_card, person=person, now=self._membership.clock()))
        response = web.Response(status=303, headers={"Location": community_path(community.id)})
        end(request, response)
        return response

    async def _object(self, request: web.Request) -> web.Response:
        """End a merge in which the person takes part. Raises HTTPNotFound for another one."""
        community, person = await self._member(request)
        now = self._membership.clock()
        async with self._membership.database.write() as connection:
            merge = await merges.get(connection, request.match_info["merge"], lock=True)
            if merge is None or person.id not in (merge.ends, merge.remains):
                raise web.HTTPNotFound
            await end_merge(connection, merge, MergeState.objected, person.id, now)
        return web.Response(status=303, headers={"Location": f"{community_path(community.id)}/me"})

    async def _log_out(self, request: web.Request) -> web.Response:
        community, _person = await self._member(request)
        await self._membership.log_out(read_token(request))
        response = web.Response(status=303, headers={"Location": community_path(community.id)})
        end(request, response)
        return response

    async def _member(self, request: web.Request) -> tuple[Place, Person]:
        """Return the person of a form. Raises 403, 429, and HTTPSeeOther without a session in this community."""
        self._limit.check(request)
        community = await self._community(request)
        person, _form = await read_member_form(request, self._membership, community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{community_path(community.id)}/join")
        return community, person

    async def _community(self, request: web.Request) -> Place:
        async with self._membership.database.read() as connection:
            return await find_community(connection, request)


async def _erase(connection: Connection, *, person: Person, now: datetime) -> None:
    if person.number_hash is not None:
        await withdraw_all_of(connection, person, now)
    await end_card(connection, person, now)
    await erase_requests(connection, person, now)
    await dispatch.erase(connection, person.id)
    await erase_member(connection, person, now)
    await erase_person(connection, person, now)


def _optional(times: WillingTimes | None) -> dict[str, object] | None:
    return None if times is None else asdict(times)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
