"""Pages for phones, without a login."""

from tests.unit.central_server.tenancy.entries import Entry, Open

_SHOWN = "shows what the kiosk of a hall shows to everybody"
ROUTES: dict[str, Entry] = {
    "POST /api/v1/shake": Open("tells projects on show at beacons that the phone heard; changes only counts"),
    "GET /api/v1/shake/{presence_pass}": Open("the pass has 256 random bits, and its answer names no person"),
    "GET /": Open("leads to the projects"),
    "GET /s": Open(_SHOWN),
    **{
        f"GET /{page}{place}": Open("the same words for everybody, under the name of the place")
        for page in ("help", "privacy")
        for place in ("", "/{place}")
    },
    "GET /pictures/{sha256}": Open("the picture of a project on offer, as its pages show it"),
    "GET /contact": Open("the telephone number that is published for the whole server, or its one community"),
    "GET /contact/{place}": Open("the telephone number that the place publishes for residents"),
    "GET /s/at/{place}": Open(_SHOWN),
    "GET /s/at/{place}/turn": Open(_SHOWN),
    "GET /s/at/{place}/{project}": Open(_SHOWN),
    "POST /s/{presence_pass}": Open("registers the visitor's own gift, under an id that its page was made with"),
    **{
        f"POST /{door}/{{uuid}}/{{major}}/{{minor}}": Open("registers the visitor's own gift, as above")
        for door in ("h", "H")
    },
    **{
        f"{method} /{door}": Open("a code has 40 random bits and lives for a day; tries are few, and told all alike")
        for method in ("GET", "POST")
        for door in ("t", "T")
    },
    "GET /s/{presence_pass}": Open("the pass has 256 random bits, and the page is a project on show"),
    "GET /h/{uuid}/{major}/{minor}": Open(_SHOWN),
    "GET /H/{uuid}/{major}/{minor}": Open(_SHOWN),
}
