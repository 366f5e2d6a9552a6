"""Bank `link`: the public donation page of a bank, a foundation or the designated charity platform.

The page reports nothing: a handover ends `unconfirmed` until staff import evidence of the payment.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from urllib.parse import quote, urlsplit

from central_server.banks.port import (
    BankRefused,
    Capabilities,
    Expiring,
    Notification,
    NotificationProblem,
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    Redirect,
    Refund,
    Statement,
)
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from sync_contract.strict_model import Environment


class Link:
    """Satisfies `Bank`. `template`: an https address with {project}, {amount_yuan}, {lang}; the settings have checked
    its host.
    """

    name = "link"
    capabilities = Capabilities(notifies=False, queries=False)

    def __init__(self, template: str, environment: Environment) -> None:
        parts = urlsplit(template)
        self.environment = environment
        self.form_targets: tuple[str, ...] = (f"{parts.scheme}://{parts.netloc.lower()}",)
        self._template = template

    async def open(self, order: Order) -> Redirect:
        if order.amount.currency != "CNY":
            raise BankRefused(f"order {order.id}: the page accepts only yuan")
        fields = {
            "project": order.project,
            "amount_yuan": order.amount.to_yuan(),
            "lang": order.language.value,
        }
        return Redirect(self._template.format_map({name: quote(value, safe="") for name, value in fields.items()}))

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        raise NotificationRefused(NotificationProblem.unsupported, "a public page sends no notifications")

    async def query(self, order: OrderId) -> OrderReport:
        raise BankRefused("a public page cannot be queried")

    async def refund(self, refund: Refund) -> None:
        raise BankRefused("a public page makes no refunds")

    async def statement(self, day: date) -> Statement:
        raise StatementRefused(StatementProblem.no_files, kind="link")

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return ()


@asynccontextmanager
async def open_link(template: str, environment: Environment) -> AsyncIterator[Link]:
    yield Link(template, environment)
