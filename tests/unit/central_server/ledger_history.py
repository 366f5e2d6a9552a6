"""Random histories of a purse's ledger: gifts, second payments, refunds, fees, spending, and times of heads."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from central_server.store.ledger.ledger_lines import LedgerLine, LineKind

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
PURSE = ("huada", "drill", "lunch")


def line(n: int, kind: LineKind, amount: int, **more: object) -> LedgerLine:
    facts: dict[str, object] = {
        "identity": f"{kind}:{n}",
        "kind": kind.value,
        "community": PURSE[0],
        "environment": PURSE[1],
        "project": PURSE[2],
        "amount_minor": amount,
        "currency": "CNY",
        "secret": f"{n:032x}",
        "evidence": "",
        "at": NOW,
        "n": n,
    }
    return LedgerLine(**(facts | more))  # type: ignore[arg-type]  # by name, each of its type


@dataclass
class History:
    """`events`: a line, or None for a head."""

    events: list[LedgerLine | None] = field(default_factory=list)


def gift(n: int, intent: int, amount: int, kind: LineKind = LineKind.paid) -> LedgerLine:
    return line(n, kind, amount, identity=f"received:{n}", gateway="a" * 16, intent=f"i{intent}", slip=f"S{n:08d}")


def of_gift(n: int, received: LedgerLine, kind: LineKind, amount: int) -> LedgerLine:
    return line(n, kind, amount, gateway="a" * 16, intent=received.intent, refers=received.identity)


@st.composite
def histories(draw: st.DrawFn, longest: int = 60) -> History:
    """Amounts are small and often equal, so that lines cancel out."""
    history, received, returned, charged, n, balance = History(), list[LedgerLine](), set[str](), set[str](), 0, 0
    steps = st.sampled_from(("gift",) * 6 + ("surplus", "refund", "refund", "refund", "fee", "fee", "back", "spend"))
    for _ in range(draw(st.integers(5, longest))):
        if draw(st.integers(0, 4)) == 0:
            history.events.append(None)
            continue
        n += 1
        step = draw(steps)
        open_ones = [each for each in received if each.identity not in returned]
        if step == "surplus" and received:
            again = draw(st.sampled_from(received))
            new = line(
                n,
                LineKind.surplus,
                again.amount_minor,
                identity=f"received:{n}",
                gateway=again.gateway,
                intent=again.intent,
            )
            received.append(new)
        elif step == "refund" and open_ones:
            back = draw(st.sampled_from(open_ones))
            returned.add(back.identity)
            new = of_gift(n, back, LineKind.refund, draw(st.sampled_from((back.amount_minor, 10))))
        elif step == "fee" and (free := [each for each in received if each.identity not in charged]):
            of = draw(st.sampled_from(free))
            charged.add(of.identity)
            new = of_gift(n, of, LineKind.fee, draw(st.sampled_from((1, 2))))
        elif step == "back" and charged:
            chosen = draw(st.sampled_from(sorted(charged)))
            of = next(each for each in received if each.identity == chosen)
            new = of_gift(n, of, LineKind.fee, -draw(st.sampled_from((1, 2))))
        elif step == "spend":
            spent = draw(st.sampled_from((100, -50)))
            new = line(n, LineKind.disbursed, min(spent, balance) or -50, people=draw(st.sampled_from((None, 5))))
        else:
            new = gift(n, n, draw(st.sampled_from((1000, 5000, 20))))
            received.append(new)
        if (missing := -balance - new.signed_minor) > 0:
            history.events.append(line(n, LineKind.shortfall, missing, refers=new.identity))
            n, balance, new = n + 1, balance + missing, replace(new, n=n + 1)
        balance += new.signed_minor
        history.events.append(new)
    history.events.append(None)
    return history
