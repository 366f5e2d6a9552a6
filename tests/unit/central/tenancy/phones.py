"""What phones open: nobody logs in."""

from tests.unit.central.tenancy.entries import Entry, Open

_SHOWN = "shows what the kiosk of a hall shows to everybody"
ROUTES: dict[str, Entry] = {
    "POST /api/v1/shake": Open("tells projects on show at beacons that the phone heard; changes only counts"),
    "GET /api/v1/shake/{presence_pass}": Open("the pass has 256 random bits, and its answer names no person"),
    "GET /s": Open(_SHOWN),
    "GET /s/at/{place}": Open(_SHOWN),
    "GET /s/at/{place}/turn": Open(_SHOWN),
    "GET /s/at/{place}/{project}": Open(_SHOWN),
    "GET /s/{presence_pass}": Open("the pass has 256 random bits, and the page is a project on show"),
    "GET /h/{uuid}/{major}/{minor}": Open(_SHOWN),
    "GET /H/{uuid}/{major}/{minor}": Open(_SHOWN),
}
