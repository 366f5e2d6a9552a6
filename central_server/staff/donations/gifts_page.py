"""Gifts: newest first, fifty a page, filtered; and all that fit the filter as a file."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import place_names
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.donations.gift_wording import DOORS, ODD, STATES
from central_server.staff.enrolment.gateway_select import among
from central_server.staff.frame.community_filter import Whose, whose
from central_server.staff.frame.labels import at, identities, of_beacons, of_projects
from central_server.staff.frame.page_frame import Desk, Sent, Shown, Visitor, sheet
from central_server.store.catalogue import beacons, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.donations import gifts
from central_server.store.donations.gifts import PAGE, GiftFilter, Money, Oddity
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import Place
from sync_contract.money import Money as Amount
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment, Language

_FIELDS = ("place", "state", "project", "gateway", "named", "beacon", "odd", "since", "until")
_BEFORE = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})")
_MOST_IN_A_FILE = 50_000


class GiftsPage:
    def __init__(self, desk: Desk, environment: Environment) -> None:
        self._desk = desk
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page("/staff/gifts", self._show, Right.money),
            self._desk.page("/staff/gifts.csv", self._csv, Right.money),
            self._desk.page("/staff/gifts.xlsx", self._xlsx, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        chosen = _chosen(visitor)
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            of = whose(around, visitor.tops, chosen["place"])
            chosen["place"] = of.chosen
            wanted = self._wanted(visitor, chosen, of.tops)
            found = await gifts.page(connection, wanted, PAGE + 1)
            shown = found[:PAGE]
            money = await gifts.money(connection, shown)
            titles = await projects.titles(connection, {(gift.community, gift.project) for gift in shown})
            known = [each for each in await gateways.every(connection, visitor.tops) if each.community in of.within]
            given_at = await gifts.beacons_of(connection, wanted)
            named = await beacons.same(connection, identities(given_at))
            offered = await projects.every(connection, of.tops)
        filters = {name: value for name, value in chosen.items() if value}
        days = [
            (of_day[0].first_seen_at, of_day)
            for _, same in groupby(shown, lambda gift: gift.first_seen_at.astimezone(OFFICIAL_TIME).date())
            for of_day in [list(same)]
        ]
        older = ""
        if len(found) > PAGE:
            before = f"{_micros(shown[-1].first_seen_at)}-{shown[-1].id}"
            older = f"/staff/gifts?{urlencode(filters | {'before': before})}"
        return Shown(
            "gifts.html",
            {
                "days": days,
                "money": money,
                "none_posted": Money(),
                "amount": lambda gift: Amount(gift.amount_minor, gift.currency),
                "yuan": Amount,
                "titles": titles,
                "whose": of,
                "choice": among(known, of.every, visitor.language, chosen["named"], chosen["gateway"]),
                "beacons": _beacons(given_at, named, around, of, visitor.language),
                "projects": of_projects(offered, of.names, visitor.language),
                "chosen": chosen,
                "filtered": bool(filters),
                "states": STATES,
                "doors": DOORS,
                "odd": ODD,
                "newest": "" if wanted.before is None else f"/staff/gifts?{urlencode(filters)}",
                "older": older,
                "query": urlencode(filters),
            },
        )

    async def _csv(self, visitor: Visitor) -> Sent:
        return await sheet(_name(visitor), "csv", await self._table(visitor), of=visitor.tops)

    async def _xlsx(self, visitor: Visitor) -> Sent:
        return await sheet(_name(visitor), "xlsx", await self._table(visitor), of=visitor.tops)

    async def _table(self, visitor: Visitor) -> list[list[Cell]]:
        chosen = _chosen(visitor)
        say = self._desk.words(visitor.language)
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            tops = whose(around, visitor.tops, chosen["place"]).tops
            found = await gifts.page(connection, self._wanted(visitor, chosen, tops), _MOST_IN_A_FILE)
            money: dict[tuple[str, str], Money] = {}
            for start in range(0, len(found), 200):
                money |= await gifts.money(connection, found[start : start + 200])
            titles = await projects.titles(connection, {(gift.community, gift.project) for gift in found})
        names = place_names(around)
        rows: list[list[Cell]] = [[say(name) for name in COLUMNS]]
        for gift in found:
            posted = money.get((gift.gateway, gift.id), Money())
            title = titles.get((gift.community, gift.project))
            rows.append(
                [
                    gift.first_seen_at,
                    gift.environment,
                    names[gift.community][visitor.language] if gift.community in names else gift.community,
                    title[visitor.language] if title else gift.project,
                    yuan(gift.amount_minor),
                    gift.currency,
                    say(STATES[gift.state]),
                    yuan(posted.paid_minor),
                    yuan(posted.refunded_minor),
                    " · ".join(say(ODD[Oddity(word)]) for word in sorted(posted.odd)),
                    say(DOORS[gift.door]) if gift.door else "",
                    gift.label,
                    gift.beacon or "",
                    gift.slip,
                    gift.id,
                ]
            )
        return rows

    def _wanted(self, visitor: Visitor, chosen: Mapping[str, str], tops: frozenset[str]) -> GiftFilter:
        """What does not fit is left out: a filter is no place for error pages."""
        before = _BEFORE.fullmatch(visitor.request.query.get("before", ""))
        since, until = _day(chosen["since"]), _day(chosen["until"])
        return GiftFilter(
            tops=tops,
            environment=self._environment,
            state=chosen["state"] if chosen["state"] in list(IntentState) else None,
            project=chosen["project"] or None,
            gateway=chosen["gateway"] or None,
            beacon=chosen["beacon"] or None,
            odd=Oddity(chosen["odd"]) if chosen["odd"] in list(Oddity) else None,
            since=since,
            until=None if until is None else until + timedelta(days=1),
            before=None if before is None else (_instant(int(before[1])), before[2]),
        )


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


COLUMNS = (
    _("Time"),
    _("Drill or real"),
    _("Community"),
    _("Project"),
    _("Amount in yuan"),
    _("Currency"),
    _("State"),
    _("Paid, in yuan"),
    _("Given back, in yuan"),
    _("To look at"),
    _("Door"),
    _("Gateway"),
    _("Beacon"),
    _("Slip number"),
    _("Record"),
)


def _chosen(visitor: Visitor) -> dict[str, str]:
    chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
    return chosen | {"named": chosen["named"].strip()[:120]}


def _beacons(
    given_at: Sequence[str], named: Sequence[StoredBeacon], around: Sequence[Place], of: Whose, language: Language
) -> dict[str, str]:
    """By identity; what others call one of the same numbers is not told."""
    mine = {place.id for place in around}
    called = of_beacons((each for each in named if each.place in mine), at(around, of.names), language)
    return {beacon: called.get(beacon, beacon) for beacon in given_at}


def _name(visitor: Visitor) -> str:
    return f"gifts-{visitor.now.astimezone(OFFICIAL_TIME).date()}"


def _day(text: str) -> datetime | None:
    """The day's beginning in official time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) if 2000 <= day.year < 2200 else None


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
