"""Label beacons and projects for select lists; with several communities each label names its places."""

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
_MAX_PLACES = 3


def project_labels(known: Iterable[StoredProject], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """Return labels by project id; several places may offer one id under different titles."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for project in known:
        titles, places = found.setdefault(project.id, ([], []))
        titles.append(project.title[language])
        places += [project.place] if project.place in names else []
    return {id_: _label(titles, places, names, language) for id_, (titles, places) in found.items()}


def beacon_labels(known: Iterable[StoredBeacon], names: Mapping[str, Texts], language: Language) -> dict[str, str]:
    """Return labels of place beacons by identity. `names`: from `place_labels`."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for beacon in known:
        if beacon.kind is BeaconKind.person:
            continue
        labels, places = found.setdefault(str(beacon.beacon), ([], []))
        labels.append(beacon.label or str(beacon.beacon))
        places += [beacon.place] if beacon.place in names else []
    return {identity: _label(labels, places, names, language) for identity, (labels, places) in found.items()}


def identities(written: Iterable[str]) -> list[BeaconId]:
    """Return the identities among texts; gifts store them as `uuid/major/minor`."""
    return [
        BeaconId(UUID(found[1]), int(found[2]), int(found[3])) for each in written if (found := _BEACON.fullmatch(each))
    ]


def place_labels(around: Iterable[Place], names: Mapping[str, Texts]) -> dict[str, Texts]:
    """Return names of places where a site has the name of its community. Empty for a single community."""
    if not names:
        return {}
    sites = {place.id: place.parent or "" for place in around if place.kind is PlaceKind.site}
    return {**names, **{site: names[community] for site, community in sites.items() if community in names}}


def _label(titles: list[str], at: list[str], names: Mapping[str, Texts], language: Language) -> str:
    places = sorted({names[place][language] for place in at})
    text = " / ".join(dict.fromkeys(titles))
    if not places:
        return text
    separator = ", " if language is Language.en else "、"
    return f"{text} · {separator.join(places[:_MAX_PLACES])}{' …' if len(places) > _MAX_PLACES else ''}"
