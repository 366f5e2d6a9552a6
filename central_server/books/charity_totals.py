"""Compute totals by project and period, as an organisation enters them in 慈善中国."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from central_server.ledger.help_figures import month_number, select_publishable, share_out
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.store.engine.connection import Connection
from central_server.store.families import shares
from central_server.store.ledger import project_terms, purse_sums
from central_server.store.ledger.project_terms import ProjectTerms
from central_server.store.places import places
from central_server.store.places.places import TOP
from daemonkit.i18n import marked as _
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language

COLUMNS = (
    _("Project"),
    _("Filing number"),
    _("Organisation"),
    _("Certificate"),
    _("Community"),
    _("From"),
    _("To"),
    _("Balance before (yuan)"),
    _("Gifts received"),
    _("Received (yuan)"),
    _("Bank fees (yuan)"),
    _("Refunded (yuan)"),
    _("Spent (yuan)"),
    _("Moved in (yuan)"),
    _("Moved out (yuan)"),
    _("Shortfall, owed by the organisation (yuan)"),
    _("Balance after (yuan)"),
    _("People helped"),
    _("Households that confirmed help (times)"),
    _("Help that they confirmed (yuan)"),
)


@dataclass(slots=True)
class Totals:
    """Of one community's project, in fen. `before` + all incoming − all outgoing = `after`."""

    community: str
    project: str
    before: int = 0
    gifts: int = 0
    received: int = 0
    fees: int = 0
    refunded: int = 0
    spent: int = 0
    moved_in: int = 0
    moved_out: int = 0
    shortfall: int = 0
    people: int = 0
    households: int = 0
    help: int = 0

    @property
    def after(self) -> int:
        incoming = self.received + self.moved_in + self.shortfall
        return self.before + incoming - self.fees - self.refunded - self.spent - self.moved_out


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included, in official time."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), OFFICIAL_TIME)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), OFFICIAL_TIME)


@dataclass(frozen=True, slots=True)
class CharityReport:
    """`rows`: for a spreadsheet, without the heading. `totals`: their source."""

    totals: tuple[Totals, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(default=())


_TOTAL_OF_KIND = {
    "paid": "received",
    "surplus": "received",
    "transfer": "received",
    "cheque": "received",
    "fee": "fees",
    "refund": "refunded",
    "disbursed": "spent",
    "moved_in": "moved_in",
    "moved_out": "moved_out",
    "shortfall": "shortfall",
}
"""By kind of line: the total that it adds to."""


async def load_charity_totals(
    connection: Connection, tops: Collection[str], environment: str, period: Period, language: Language, now: datetime
) -> CharityReport:
    """Include every project of which the communities at and below `tops` had any money up to the period's end."""
    found: dict[tuple[str, str], Totals] = {}
    for each in await purse_sums.by_kind(connection, tops, environment, until=period.since):
        key = (each.community, each.project)
        found.setdefault(key, Totals(*key)).before += each.signed_minor
    for each in await purse_sums.by_kind(connection, tops, environment, since=period.since, until=period.until):
        key = (each.community, each.project)
        of_project = found.setdefault(key, Totals(*key))
        name = _TOTAL_OF_KIND[each.kind]
        setattr(of_project, name, getattr(of_project, name) + each.minor)
        if name == "received":
            of_project.gifts += each.lines
        if name == "spent":
            of_project.people += each.people
    spent = await shares.spent_on_cases(connection, tops, environment)
    months = range(month_number(period.since), month_number(min(period.until, now)))
    for figure in select_publishable(share_out(spent), months.stop):
        if figure.month in months and (total := found.get(figure.group[:2])) is not None:
            total.households += figure.households
            total.help += figure.minor
    terms = await _terms(connection, tops, environment, period)
    names = {place.id: place.names[language] for place in await places.every(connection, [TOP])}
    ordered = tuple(found[key] for key in sorted(found))
    rows = [
        _row(each, terms.get((each.community, each.project), ()), period, language, names.get(each.community, ""))
        for each in ordered
    ]
    return CharityReport(ordered, tuple(rows))


async def _terms(
    connection: Connection, tops: Collection[str], environment: str, period: Period
) -> dict[tuple[str, str], tuple[ProjectTerms, ...]]:
    """Return what applied to the lines of the period by project, or, without any, to the last line before it."""
    used = await purse_sums.terms(connection, tops, environment, since=period.since, until=period.until)
    last = await purse_sums.terms(connection, tops, environment, since=None, until=period.since)
    used = {key: digests[-1:] for key, digests in last.items()} | used
    known = await project_terms.many(connection, {digest for digests in used.values() for digest in digests})
    return {key: tuple(known[digest] for digest in digests) for key, digests in used.items()}


def _row(
    total: Totals, terms: Sequence[ProjectTerms], period: Period, language: Language, community: str
) -> tuple[Cell, ...]:
    permits = [each.permit for each in terms if each.permit is not None]
    return (
        terms[-1].title[language] if terms else total.project,
        _joined(permit.filing for permit in permits),
        _joined(permit.organisation for permit in permits),
        _joined(permit.certificate for permit in permits),
        community or total.community,
        period.first,
        period.last,
        yuan(total.before),
        total.gifts,
        yuan(total.received),
        yuan(total.fees),
        yuan(total.refunded),
        yuan(total.spent),
        yuan(total.moved_in),
        yuan(total.moved_out),
        yuan(total.shortfall),
        yuan(total.after),
        total.people,
        total.households or None,
        yuan(total.help) if total.help else None,
    )


def _joined(texts: Iterable[str]) -> str | None:
    """Join different texts in their order; usually there is one."""
    return "; ".join(dict.fromkeys(texts)) or None
