"""Show gifts, newest first, filtered; and export all gifts of the filter as a file."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import place_names
from central_server.sheets.sheet_writer import Cell, Rows, yuan
from central_server.staff.donations.gift_search import MAX_LENGTH, read_search
from central_server.staff.donations.gift_wording import COLUMNS, DOORS, ODD, STATES
from central_server.staff.enrolment.gateway_select import select_gateways
from central_server.staff.frame.community_filter import CommunityFilter, filter_communities
from central_server.staff.frame.labels import beacon_labels, identities, place_labels, project_labels
from central_server.staff.frame.list_paging import day_end, day_start, format_position, group_by_day, parse_position
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.store.catalogue import beacons, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.donations import gifts
from central_server.store.donations.gifts import PAGE, Gift, GiftFilter, Money, Oddity
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import Place
from sync_contract.money import Money as Amount
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment, Language

_FIELDS = ("q", "place", "state", "project", "gateway", "named", "beacon", "odd", "since", "until")
_IN_PART = 200


class GiftsPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/gifts", self._show, Right.money),
            self._frame.page("/staff/gifts.csv", self._csv, Right.money),
            self._frame.page("/staff/gifts.xlsx", self._xlsx, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage | Redirect:
        chosen = _chosen(visitor)
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            communities = filter_communities(around, visitor.tops, chosen["place"])
            chosen["place"] = communities.chosen
            known = await gateways.every(connection, visitor.tops)
            wanted = self._read_filter(visitor, chosen, communities.tops, known)
            found = await gifts.page(connection, wanted, PAGE + 1)
            if len(found) == 1 and chosen["q"] and not any(chosen[name] for name in _FIELDS if name != "q"):
                return Redirect(f"/staff/gifts/{found[0].gateway}/{found[0].id}")
            shown = found[:PAGE]
            money = await gifts.money(connection, shown)
            titles = await projects.titles(connection, {(gift.community, gift.project) for gift in shown})
            identities_given = await gifts.beacons_of(connection, wanted)
            named = await beacons.same(connection, identities(identities_given))
            offered = await projects.every(connection, communities.tops)
        filters = {name: value for name, value in chosen.items() if value}
        older = ""
        if len(found) > PAGE:
            before = format_position(shown[-1].first_seen_at, shown[-1].id)
            older = f"/staff/gifts?{urlencode(filters | {'before': before})}"
        selectable = [each for each in known if each.community in communities.within]
        return HtmlPage(
            "gifts.html",
            {
                "days": group_by_day(shown, lambda gift: gift.first_seen_at),
                "money": money,
                "none_posted": Money(),
                "amount": lambda gift: Amount(gift.amount_minor, gift.currency),
                "yuan": Amount,
                "titles": titles,
                "communities": communities,
                "choice": select_gateways(
                    selectable, communities.every, visitor.language, chosen["named"], chosen["gateway"]
                ),
                "beacons": _beacons(identities_given, named, around, communities, visitor.language),
                "projects": project_labels(offered, communities.names, visitor.language),
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

    async def _csv(self, visitor: Visitor) -> FileDownload:
        return await self._file(visitor, "csv")

    async def _xlsx(self, visitor: Visitor) -> FileDownload:
        return await self._file(visitor, "xlsx")

    async def _file(self, visitor: Visitor, form: str) -> FileDownload:
        name = f"gifts-{visitor.now.astimezone(OFFICIAL_TIME).date()}"
        return sheet(name, form, self._table(visitor), of=visitor.tops, kind="gifts")

    async def _table(self, visitor: Visitor) -> AsyncIterator[Rows]:
        """Yield the heading, then all gifts of the filter in parts: the server does other work between them."""
        chosen = _chosen(visitor)
        translate = self._frame.words(visitor.language)
        yield [[translate(name) for name in COLUMNS]]
        async with visitor.database.read() as connection:
            around = await places.every(connection, visitor.tops)
            tops = filter_communities(around, visitor.tops, chosen["place"]).tops
            wanted = self._read_filter(visitor, chosen, tops, await gateways.every(connection, visitor.tops))
        names = place_names(around)
        while True:
            async with visitor.database.read() as connection:
                found = await gifts.page(connection, wanted, _IN_PART)
                money = await gifts.money(connection, found)
                titles = await projects.titles(connection, {(gift.community, gift.project) for gift in found})
            yield [self._row(visitor, gift, money, names, titles) for gift in found]
            if len(found) < _IN_PART:
                return
            wanted = replace(wanted, before=(found[-1].first_seen_at, found[-1].id))

    def _row(
        self,
        visitor: Visitor,
        gift: Gift,
        money: Mapping[tuple[str, str], Money],
        names: Mapping[str, Texts],
        titles: Mapping[tuple[str, str], Texts],
    ) -> list[Cell]:
        translate = self._frame.words(visitor.language)
        posted = money.get((gift.gateway, gift.id), Money())
        title = titles.get((gift.community, gift.project))
        return [
            gift.first_seen_at,
            gift.environment,
            names[gift.community][visitor.language] if gift.community in names else gift.community,
            title[visitor.language] if title else gift.project,
            yuan(gift.amount_minor),
            gift.currency,
            translate(STATES[gift.state]),
            yuan(posted.paid_minor),
            yuan(posted.refunded_minor),
            " · ".join(translate(ODD[Oddity(word)]) for word in sorted(posted.odd)),
            translate(DOORS[gift.door]) if gift.door else "",
            gift.label,
            gift.beacon or "",
            gift.slip,
            gift.id,
        ]

    def _read_filter(
        self, visitor: Visitor, chosen: Mapping[str, str], tops: frozenset[str], known: Sequence[Gateway]
    ) -> GiftFilter:
        """Ignore invalid values. `known`: the gateways that the visitor sees."""
        search = read_search(chosen["q"], known)
        return GiftFilter(
            tops=tops,
            environment=self._environment,
            state=chosen["state"] if chosen["state"] in list(IntentState) else None,
            project=chosen["project"] or None,
            gateway=chosen["gateway"] or None,
            beacon=chosen["beacon"] or None,
            odd=Oddity(chosen["odd"]) if chosen["odd"] in list(Oddity) else None,
            amount_minor=search.amount_minor,
            words=search.words,
            since=day_start(chosen["since"]) or search.since,
            until=day_end(chosen["until"]) or search.until,
            before=parse_position(visitor.request.query.get("before", "")),
        )


def _chosen(visitor: Visitor) -> dict[str, str]:
    chosen = {name: visitor.request.query.get(name, "") for name in _FIELDS}
    return chosen | {"named": chosen["named"].strip()[:120], "q": chosen["q"].strip()[:MAX_LENGTH]}


def _beacons(
    given: Sequence[str],
    named: Sequence[StoredBeacon],
    around: Sequence[Place],
    communities: CommunityFilter,
    language: Language,
) -> dict[str, str]:
    """Return labels by identity, without the labels of other communities."""
    visible = {place.id for place in around}
    names = place_labels(around, communities.names)
    labels = beacon_labels((each for each in named if each.place in visible), names, language)
    return {beacon: labels.get(beacon, beacon) for beacon in given}
