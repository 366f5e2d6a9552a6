"""Name places so that no two names in a list are equal: every hall may call its gateway 大厅."""

from collections import Counter
from collections.abc import Iterable

from central_server.store.places.places import INSIDE_COMMUNITY, Place, PlaceKind
from sync_contract.project import Texts
from sync_contract.strict_model import Language


def place_names(around: Iterable[Place]) -> dict[str, Texts]:
    """Return names by id. Equal names get the name of the place above, or the id where that is not enough."""
    known = {place.id: place for place in around}
    shared = Counter(_key(place, language) for place in known.values() for language in Language)
    siblings = Counter((place.parent, _key(place, language)) for place in known.values() for language in Language)

    def name_of(place: Place, language: Language) -> str:
        name = place.names[language]
        if shared[_key(place, language)] == 1:
            return name
        above = known.get(place.parent or "")
        within = above.names[language] if above is not None and above.kind is not PlaceKind.top else ""
        if within and siblings[place.parent, _key(place, language)] == 1:
            return f"{within} › {name}"
        return f"{name} ({place.id})"

    return {
        place.id: Texts.model_validate({language.value: name_of(place, language) for language in Language})
        for place in known.values()
    }


def community_names(around: Iterable[Place]) -> dict[str, Texts]:
    """Return names of communities and the places above them, empty for a single community."""
    places = [place for place in around if place.kind not in (PlaceKind.top, *INSIDE_COMMUNITY)]
    return place_names(places) if has_several_communities(places) else {}


def has_several_communities(around: Iterable[Place]) -> bool:
    return sum(place.kind is PlaceKind.community for place in around) > 1


def _key(place: Place, language: Language) -> tuple[bool, Language, str]:
    """A site may have the name of its community; lists do not confuse the two."""
    return place.kind is PlaceKind.site, language, place.names[language]
