"""The bulletin of the gallery: activities, requests by grid, and a highlight without a picture."""

from datetime import date

from kiosk_ui.bulletin_views import ActivityNotice, BulletinPage, HelpNotice, HighlightNotice
from sync_contract.bulletin import HelpKind
from sync_contract.project import Texts


def texts(simplified: str, traditional: str, english: str) -> Texts:
    return Texts.model_validate({"zh-Hans": simplified, "zh-Hant": traditional, "en": english})


_HALL = texts("社区大厅", "社區大廳", "The community hall")
_LUNCH = texts("给独居长者送午餐", "為獨居長者送午餐", "Lunch for elders who live alone")
_READING = texts("四点半课堂陪读", "四點半課堂伴讀", "Reading with children after school")
BULLETIN = BulletinPage(
    (
        ActivityNotice(_LUNCH, _HALL, "10:30–12:30", False, True, 0),
        ActivityNotice(
            _READING, texts("二楼教室", "二樓教室", "The classroom upstairs"), "16:30–18:00", False, False, 3
        ),
        ActivityNotice(_LUNCH, _HALL, "10:30–12:30", True, False, 0),
    ),
    tuple(HelpNotice(kind.value, f"3-{number + 1}", date(2026, 11, 25)) for number, kind in enumerate(HelpKind)),
    (
        HighlightNotice(
            texts("九号楼的新花圃", "九號樓的新花圃", "The new flower bed of building 9"), date(2026, 11, 21)
        ),
    ),
)
