"""The known beacons: those of the file, our own adverts, and those of the catalogue."""

from beacon_gateway import settings_mapping
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, KnownBeacon
from tests.paths import ROOT

DEMO = ROOT / "config" / "demo" / "gateway.toml"


def test_the_files_beacons_have_precedence_over_the_catalogues() -> None:
    settings = load(DEMO, Settings)
    own, card = settings.advertise.identities[0].id, settings.beacons[0].id
    wall = BeaconId(own.uuid, 9, 9)
    published = [
        KnownBeacon(beacon=each, kind=BeaconKind.place, label="published", measured_power=-70)
        for each in (own, card, wall)
    ]
    known = {beacon.id: beacon for beacon in settings_mapping.known_beacons(settings, published)}
    assert known.keys() == {own, card, wall}
    assert {beacon.label for beacon in known.values()} == {"own advert", settings.beacons[0].label, "published"}
    assert known[wall].measured_power == -70
    assert known[card].kind is BeaconKind.person
    assert [id_ for id_, beacon in known.items() if beacon.own] == [own]
    assert {beacon.id for beacon in settings_mapping.radio_plan(settings, published).beacons} == known.keys()
