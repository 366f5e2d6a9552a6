"""Sample site pages with many faults, and with none."""

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

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
    SiteWhyPage,
    StageNow,
    SyncNow,
)
from kiosk_ui.views import View
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
SITE_VIEWS: dict[str, View] = {
    "site": WELL,
    "site-ill": ILL,
    "site-why": SiteWhyPage(False, DRAWING, "/static/pages.css", DECISIONS),
    "site-why-none": SiteWhyPage(True, DRAWING, "/static/pages.css", ()),
    "site-pin": SitePinPage("042917", 10, ("http://192.168.1.20:8080/site", "http://pi.local:8080/site")),
    "site-pin-none": SitePinPage("", 0, ("http://192.168.1.20:8080/site",)),
    "site-door": SiteDoorPage(),
    "site-door-wrong": SiteDoorPage(wrong=True),
}
