"""Label gateways for lists, and select some of them by words when a form has too many options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central_server.store.enrolment.gateways import Gateway
from sync_contract.project import Texts
from sync_contract.strict_model import Language

MAX_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class GatewayChoice:
    """`options`: id and label; `many`: there are more, so the form needs a field for words."""

    options: tuple[tuple[str, str], ...]
    many: bool


def select_gateways(
    known: Sequence[Gateway], names: Mapping[str, Texts], language: Language, words: str, chosen: str
) -> GatewayChoice:
    """Return the chosen gateway and those that match `words`, at most `MAX_OPTIONS`."""
    labels = gateway_labels(known, names, language)
    found = [gateway for gateway in known if gateway.id == chosen or matches_words(gateway, names, words.casefold())]
    found.sort(key=lambda gateway: (gateway.id != chosen, labels[gateway.id]))
    options = tuple((gateway.id, labels[gateway.id]) for gateway in found[:MAX_OPTIONS])
    return GatewayChoice(options, len(known) > MAX_OPTIONS)


def gateway_labels(known: Sequence[Gateway], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """Return by id `华大社区 · 大厅` for gateways of several communities, else the label alone."""
    if len({gateway.community for gateway in known}) <= 1:
        return {gateway.id: gateway.label for gateway in known}
    return {gateway.id: f"{_name(gateway.community, names, language)} · {gateway.label}" for gateway in known}


def matches_words(gateway: Gateway, names: Mapping[str, Texts], words: str) -> bool:
    """Search label, id, and the names of community and site in every language. `words`: case-folded."""
    places = [names[place] for place in (gateway.community, gateway.site or "") if place in names]
    searched = (gateway.label, gateway.id, *(texts[language] for texts in places for language in Language))
    return any(words in text.casefold() for text in searched)


def _name(place: str, names: Mapping[str, Texts], language: Language) -> str:
    return names[place][language] if place in names else place
