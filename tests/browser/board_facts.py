"""Sample boards and proofs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from central_server.ledger.help_kinds import helps
from kiosk_ui.board_views import (
    BoardPage,
    BoardProject,
    ProofPage,
    SlipPage,
    SlipStatus,
    VerifyPage,
    months,
    unpublished,
)
from kiosk_ui.gift_path import GiftPath, Reached, SpentMonth
from kiosk_ui.views import View
from sync_contract.ledger_heads import NO_HEAD, Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.money import Money
from sync_contract.strict_model import Environment
from tests.browser.projects import LUNCH, READING, TEA

AT = datetime(2026, 11, 27, 4, 5, tzinfo=UTC)
DIGEST = "3f3db46b87f3e9090316d01286b8f9363fe91dc2b200bf801ca570785d11439a"


def _steps(scale: int) -> tuple[Head, ...]:
    found: list[Head] = []
    total = Sums()
    for step in range(1, 13):
        sums = Sums(
            gifts=5 + step, received=scale * (step % 4 + 2) * 100, fees=scale, spent=scale * (step % 3) * 90, people=9
        )
        total += sums
        found.append(
            Head(
                community="huada",
                environment=Environment.drill,
                project="elder-lunch",
                step=step,
                root=DIGEST,
                sums=sums,
                total=total,
                at=AT - timedelta(days=31 * (12 - step)),
                previous=NO_HEAD,
            )
        )
    return tuple(found)


STEPS = _steps(45_50)
LARGE = _steps(12_345_67)
PROJECT = BoardProject(
    LUNCH.id, LUNCH.title, STEPS[-1].total, months(STEPS, AT), AT, step=12, cosigned=3, digest=DIGEST
)
OVERDRAWN = BoardProject(
    READING.id,
    READING.title,
    Sums(
        gifts=1234,
        received=LARGE[-1].total.received,
        refunded=77_00,
        fees=1,
        spent=98_765_432_10,
        moved_in=4,
        people=60_000,
    ),
    months(LARGE, AT),
    AT,
    step=123,
    cosigned=0,
    digest=DIGEST,
)
PROOF = ProofPage(
    LUNCH.title,
    Money(30_00),
    "7F3A-K8QZ",
    AT,
    0,
    STEPS[-1],
    17,
    DIGEST,
    3,
    "/api/v1/proofs/" + "a" * 32,
    "/board/huada",
)
BOARDS: dict[str, View] = {
    "board": BoardPage((PROJECT, unpublished(TEA, AT)), AT.date(), back="/", verify="/verify"),
    "board-overdrawn": BoardPage((PROJECT, OVERDRAWN, unpublished(TEA, AT)), AT.date(), 2, back="/", verify="/verify"),
    "board-one": BoardPage((PROJECT,), None, refused=True, back="/"),
    "board-none": BoardPage((), None, back="/"),
    "verify": VerifyPage("https://give.example.org/v"),
}
PHONE_BOARDS: dict[str, View] = {
    "board": BoardPage((PROJECT, unpublished(TEA, AT)), AT.date(), verify="/v", data="/api/v1/transparency/huada"),
    "board-overdrawn": BoardPage(
        (PROJECT, OVERDRAWN, unpublished(TEA, AT)), AT.date(), verify="/v", data="/api/v1/transparency/huada"
    ),
    "slip": SlipPage(),
    **{f"slip-{figures}": SlipPage("7F3A-K8QZ", figures) for figures in SlipStatus},
    "slip-too-many": SlipPage("7F3A-K8QZ", too_many=True),
    "proof": PROOF,
    "proof-spent": replace(
        PROOF,
        path=GiftPath(
            registered_at=AT - timedelta(days=41),
            bank_day=AT.date(),
            spent=(SpentMonth(2026, 10, 12_00), SpentMonth(2026, 11, 17_82)),
            fees=18,
            reached_in=(2026, 11),
            reached=(Reached(helps()["meals"], 31), Reached(helps()["medicine"], 6)),
        ),
    ),
    "proof-partly": replace(
        PROOF, path=GiftPath(registered_at=AT, bank_day=AT.date(), spent=(SpentMonth(2026, 11, 12_00),), left=18_00)
    ),
    "proof-refunded": replace(PROOF, refunded=30_00, path=GiftPath(registered_at=AT, refunded=30_00)),
    "proof-waiting": ProofPage(
        LUNCH.title, Money(12345_67), "7F3A-K8QZ", AT, 500, None, 0, "", 0, "/api/v1/proofs/" + "a" * 32, "/board/huada"
    ),
}
