"""Projects for the tests of donations."""

from datetime import date

from sync_contract.permit import Permit
from sync_contract.project import Project, Texts


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


PERMIT = Permit(
    organisation="演练基金会",
    certificate="演练-1",
    certificate_until=date(2036, 12, 31),
    filing="演练-2",
    area="泉州",
    opens=date(2026, 1, 1),
    closes=date(2036, 12, 31),
)
LUNCH = Project(
    id="elder-lunch",
    title=texts("长者爱心午餐"),
    summary=texts("午餐"),
    story=texts("午餐"),
    payee=texts("演练基金会"),
    amounts_fen=(1000, 3000),
    min_fen=100,
    max_fen=100_000,
    permit=PERMIT,
)
INFORMATION_ONLY = LUNCH.model_copy(update={"id": "info-only", "permit": None})
