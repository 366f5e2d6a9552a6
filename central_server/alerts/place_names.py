"""What places are called for whoever sees several of them: no two alike, for every hall calls its gateway 大厅."""

from collections import Counter
from collections.abc import Iterable

from central_server.store.places.places import Place, PlaceKind
from sync_contract.project import Texts
from sync_contract.strict_model import Language


def place_names(around: Iterable[Place]) -> dict[str, Texts]:
    """By id. Those that share a name in a language say there what they stand in, or, where none is seen, their id."""
    known = {place.id: place for place in around}
    shared = Counter(_in_words(place, language) for place in known.values() for language in Language)
    beside = Counter((place.parent, _in_words(place, language)) for place in known.values() for language in Language)

    def told(place: Place, language: Language) -> str:
        name = place.names[language]
        if shared[_in_words(place, language)] == 1:
            return name
        above = known.get(place.parent or "")
        within = above.names[language] if above is not None and above.kind is not PlaceKind.top else ""
        if within and beside[place.parent, _in_words(place, language)] == 1:
            return f"{within} › {name}"
        return f"{name} ({place.id})"

    return {
        place.id: Texts.model_validate({language.value: told(place, language) for language in Language})
        for place in known.values()
    }


def community_names(around: Iterable[Place]) -> dict[str, Texts]:
    """Of communities and what is above them, where somebody sees several; one alone needs no telling apart."""
    places = [place for place in around if place.kind not in (PlaceKind.top, PlaceKind.site)]
    return place_names(places) if tells_apart(places) else {}


def tells_apart(around: Iterable[Place]) -> bool:
    """Whether there are several communities."""
    return sum(place.kind is PlaceKind.community for place in around) > 1


def _in_words(place: Place, language: Language) -> tuple[bool, Language, str]:
    """A site may be called as its community is: nobody takes one for the other."""
    return place.kind is PlaceKind.site, language, place.names[language]
