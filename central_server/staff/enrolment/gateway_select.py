"""One gateway of many, for a form: told apart by their communities, and found by a word when there are too many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central_server.store.enrolment.gateways import Gateway
from sync_contract.project import Texts
from sync_contract.strict_model import Language

MOST = 100
"""More of them nobody looks through."""


@dataclass(frozen=True, slots=True)
class GatewayChoice:
    """`options`: id and what it is called; `many`: only some of them, so that a word has to say which."""

    options: tuple[tuple[str, str], ...]
    many: bool


def among(
    known: Sequence[Gateway], names: Mapping[str, Texts], language: Language, words: str, chosen: str
) -> GatewayChoice:
    """Those of whose label, number, community or site `words` is a part; the chosen one stays among them."""
    labels = told_apart(known, names, language)
    found = [gateway for gateway in known if gateway.id == chosen or called(gateway, names, words.casefold())]
    found.sort(key=lambda gateway: (gateway.id != chosen, labels[gateway.id]))
    return GatewayChoice(tuple((gateway.id, labels[gateway.id]) for gateway in found[:MOST]), len(known) > MOST)


def told_apart(known: Sequence[Gateway], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """Each by its id: `华大社区 · 大厅` where they are of several communities, else its label alone."""
    several = len({gateway.community for gateway in known}) > 1
    return {gateway.id: _told(gateway, names, language, several=several) for gateway in known}


def called(gateway: Gateway, names: Mapping[str, Texts], words: str) -> bool:
    """By its label, its number, and what its community and site are called in any language. `words` case-folded."""
    around = [names[place] for place in (gateway.community, gateway.site or "") if place in names]
    told = (gateway.label, gateway.id, *(texts[language] for texts in around for language in Language))
    return any(words in one.casefold() for one in told)


def _told(gateway: Gateway, names: Mapping[str, Texts], language: Language, *, several: bool) -> str:
    if not several:
        return gateway.label
    community = names[gateway.community][language] if gateway.community in names else gateway.community
    return f"{community} · {gateway.label}"
