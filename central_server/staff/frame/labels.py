"""Beacons and projects in select lists: what staff call them, and whose they are where several communities are seen."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.projects import StoredProject
from central_server.store.places.places import Place, PlaceKind
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_BEACON = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,5})/([0-9]{1,5})")
_MOST = 3
"""Places named beside one; of more the first, and a mark."""


def of_projects(known: Iterable[StoredProject], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """By id. One id may be offered by several places, under several titles."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for project in known:
        titles, at = found.setdefault(project.id, ([], []))
        titles.append(project.title[language])
        at += [project.place] if project.place in names else []
    return {id_: _told(titles, at, names, language) for id_, (titles, at) in found.items()}


def of_beacons(known: Iterable[StoredBeacon], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """By identity, those on walls. `names`: also of the sites at which they hang, as `at` gives them."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for kept in known:
        if kept.kind is BeaconKind.person:
            continue
        labels, at = found.setdefault(str(kept.beacon), ([], []))
        labels.append(kept.label or str(kept.beacon))
        at += [kept.place] if kept.place in names else []
    return {beacon: _told(labels, at, names, language) for beacon, (labels, at) in found.items()}


def identities(written: Iterable[str]) -> list[BeaconId]:
    """Of those that are written as they stand beside gifts: `uuid/major/minor`."""
    return [
        BeaconId(UUID(found[1]), int(found[2]), int(found[3])) for each in written if (found := _BEACON.fullmatch(each))
    ]


def at(around: Iterable[Place], names: Mapping[str, Texts]) -> dict[str, Texts]:
    """What each place is called in such a list: a site as its community. Nothing where one community is seen alone."""
    if not names:
        return {}
    sites = {place.id: place.parent or "" for place in around if place.kind is PlaceKind.site}
    return {**names, **{site: names[community] for site, community in sites.items() if community in names}}


def _told(called: list[str], at: list[str], names: Mapping[str, Texts], language: Language) -> str:
    places = sorted({names[place][language] for place in at})
    text = " / ".join(dict.fromkeys(called))
    if not places:
        return text
    between = ", " if language is Language.en else "、"
    return f"{text} · {between.join(places[:_MOST])}{' …' if len(places) > _MOST else ''}"
