"""Sample site pages with many faults, and with none."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from markupsafe import Markup

from kiosk_ui.paper.acceptance_picture import draw_zones
from kiosk_ui.paper.acceptance_wording import word_sheet
from kiosk_ui.qr import paper_code_svg
from kiosk_ui.site_views import (
    Clause,
    Connected,
    DecisionLine,
    HeardClass,
    HeardPlace,
    RadioNow,
    SiteDoorPage,
    SitePage,
    SitePinPage,
    SiteSheetPage,
    SiteWhyPage,
    StageNow,
    SyncNow,
)
from kiosk_ui.views import View
from sync_contract.acceptance_sheet import (
    AcceptanceSheet,
    AdvertProof,
    SheetAdvert,
    SheetLevel,
    SheetPlace,
    SheetSite,
    SheetSpot,
    SheetVersion,
    SheetWalk,
    SheetZones,
    SpotKind,
    Untested,
)
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import ClockReading
from sync_contract.strict_model import Environment
from tests.browser.projects import LUNCH, READING

AT = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
BEACON = "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"
PERSON = Clause("person", {"name": "volunteer-card", "zone": "near", "metres": "2.1"})
PLACE = Clause("place", {"name": "大厅东墙", "zone": "immediate", "metres": "0.8"})
SIMPLE = (
    "only_one_near", "person_first", "project_changed", "nothing_near", "already_shown", "donation_in_progress",
    "clone_suspected", "own_identity_heard", "first_frame_without_rssi",
)  # fmt: skip
EVERY_CLAUSE = (
    PERSON,
    PLACE,
    *(Clause(kind) for kind in SIMPLE),
    Clause("nearest", {"of": "3", "ahead_db": "7.5"}),
    Clause("nearest_by_rssi", {"of": "2"}),
    Clause("equal_by_priority", {"priority": "5", "other": "0", "of": "2"}),
    Clause("equal_by_need", {"need": "0.7", "other": "0.2", "of": "2"}),
    Clause("equal_by_level", {"of": "2"}),
    Clause("previous_gone", {"absent_s": "3.2"}),
    Clause("lead_by_level", {"ahead_db": "7.5"}),
    Clause("lead_by_rssi", {"evidence_s": "3.0"}),
    Clause("lead_by_priority", {"priority": "5", "other": "0", "evidence_s": "3.0"}),
    Clause("highest_priority", {"priority": "5", "other": "0"}),
    Clause("only_open", {"of": "2", "local": "08:30"}),
    Clause("greatest_need", {"need": "0.7", "other": "0.2"}),
    Clause("listed_first", {"of": "2"}),
    Clause("too_many_frames", {"frames": "32", "seconds": "1.6", "limit": "8"}),
    Clause("short_gaps", {"short": "16", "frames": "32", "interval_s": "1"}),
    Clause("impossible_moves", {"moves": "11", "frames": "32", "least_db": "8"}),
    Clause("two_levels", {"jumps": "12", "low_dbm": "-85", "high_dbm": "-60"}),
    Clause("first_frame", {"distance_m": "2.1"}),
    Clause("first_rssi", {"distance_m": "2.1"}),
    Clause("no_rssi", {"missing_s": "10"}),
    Clause("nearer", {"edge_m": "1.5", "evidence_s": "1"}),
    Clause("farther", {"edge_m": "4", "evidence_s": "3.5"}),
    Clause("silence", {"silent_s": "10"}),
)
VERSIONS: Mapping[str, str] = {
    "beacon-gateway": "0.1.0",
    "gateway": "0123456789abcdef",
    "Python": "3.13.5",
    "Linux": "6.12.25-v8-16k+",
}
WELL = SitePage(
    guest=False,
    versions=VERSIONS,
    at=AT,
    shown=LUNCH.title,
    why=(PERSON, Clause("only_one_near")),
    screen_lock=(),
    radio=RadioNow(
        "hearing",
        "on_air",
        ("hci0", "hci1"),
        "proved",
        False,
        (
            HeardPlace("大厅东墙", f"{BEACON}/1/2", LUNCH.title, "near", -67, 2.4, 0),
            HeardPlace("书房门口", f"{BEACON}/1/3", READING.title, "far", -81, 9.7, 3),
            HeardPlace("后门", f"{BEACON}/1/4", None),
        ),
        (HeardClass("volunteer-card", "near", 1), HeardClass("volunteer-card", "far", 2)),
        4711,
    ),
    sync=SyncNow(
        "https://give.example.org",
        0,
        0,
        0,
        AT,
        True,
        "",
        12,
        ((AT, "accepted", "intent", ""), (AT, "reachable", "", ""), (AT, "unreachable", "", "no_answer")),
    ),
    stages=(),
    connected=Connected(4, False, 2, (("192.168.1.23", 12),)),
    pin=True,
)
ILL = SitePage(
    guest=True,
    versions=VERSIONS,
    at=AT,
    shown=None,
    why=(Clause("previous_gone", {"absent_s": "3.2"}),),
    screen_lock=EVERY_CLAUSE,
    radio=RadioNow("no_adapter", "no_helper", (), "lost", False, (), (), 0),
    sync=SyncNow(
        "https://give.example.org",
        1234,
        2,
        1,
        None,
        False,
        "key_revoked",
        0,
        tuple(
            (AT, event, "statistics", detail)
            for event, detail in (
                ("duplicate", ""),
                ("conflict", "the server has other content for this identity"),
                ("refused", "permit_closed"),
                ("damaged", "its checksum does not fit"),
                ("barred", "name_unknown"),
                ("welcome", "certificate"),
                ("unheard_of", "no_connection"),
            )
        ),
    ),
    stages=(StageNow("radio", "RadioLost", 4, 17), StageNow("sync", "CentralUnreachable", 700, 3)),
    connected=Connected(400, True, 0, ()),
)
DECISIONS = (
    DecisionLine(2, "shown", "", "", None, LUNCH.title, "", (PERSON, Clause("person_first"))),
    DecisionLine(3, "zone", "", "volunteer-card", "far", "near", "-63 dBm, -4.0 dB @1 m, ≈ 2.1 m", EVERY_CLAUSE[-3:-2]),
    DecisionLine(200, "arrived", "大厅东墙", "", None, "far", "-80 dBm", ()),
    DecisionLine(400, "left", "书房门口", "", "near", None, "", ()),
)
DRAWING = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 300" width="1200" height="300" role="img">'
    "<title>why</title><text x='20' y='40'>why</text></svg>"
)
SHEET = AcceptanceSheet(
    id="0" * 31 + "1",
    gateway="0102030405060708",
    environment=Environment.drill,
    site=SheetSite(zh_hans="华大社区", zh_hant="華大社區", en="Huada Community", hall="社区大厅"),
    made_at=ClockReading(wall=AT, boot="0" * 32, monotonic_ns=5, trusted=True),
    adverts=(
        SheetAdvert(
            beacon=BeaconId(UUID(BEACON), 1, 1),
            measured_power=-59,
            interval_ms=100,
            proof=AdvertProof.proved,
            heard_by="hci1",
            per_s=9.8,
        ),
    ),
    places=(SheetPlace(beacon=BeaconId(UUID(BEACON), 2, 1), label="大厅东墙"),),
    person_tags=12,
    zones=(ZONES := SheetZones(immediate_m=1.4, near_m=2.4, path_loss_exponent=2.2)),
    walk=SheetWalk(
        at=AT,
        good=True,
        zones=ZONES,
        spots=tuple(
            SheetSpot(
                kind=kind,
                metres=metres,
                levels=(SheetLevel(adapter="hci0", dbm=-63.5, frames=500),),
                wrong_per_hour=0.5,
            )
            for kind, metres in ((SpotKind.reference, 1.0), (SpotKind.door, 6.0), (SpotKind.far_wall, 11.0))
        ),
    ),
    configuration="ab" * 32,
    versions=(SheetVersion(name="beacon-gateway", version="0.1.0"), SheetVersion(name="bluez", version="5.82")),
    untested=(Untested.phone, Untested.real_gifts),
    findings=("rtc",),
)
SHEET_ADDRESS = "https://give.example.org/staff/gateways/0102030405060708/sheets/1?print=0123456789abcdef"
SITE_VIEWS: dict[str, View] = {
    "site": WELL,
    "site-ill": ILL,
    "site-why": SiteWhyPage(False, DRAWING, "/static/pages.css", DECISIONS),
    "site-why-none": SiteWhyPage(True, DRAWING, "/static/pages.css", ()),
    "site-pin": SitePinPage("042917", 10, ("http://192.168.1.20:8080/site", "http://pi.local:8080/site")),
    "site-pin-none": SitePinPage("", 0, ("http://192.168.1.20:8080/site",)),
    "site-door": SiteDoorPage(),
    "site-door-wrong": SiteDoorPage(wrong=True),
    "site-sheet": SiteSheetPage(
        word_sheet(SHEET, "0123456789abcdef"),
        paper_code_svg(SHEET_ADDRESS),
        SHEET_ADDRESS,
        Markup(draw_zones(SHEET)),
    ),
}
