"""The settings file of a new site."""

from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.settings import Settings
from beacon_gateway.setup.site_file import SiteFacts, format_site_file
from daemonkit.toml import load_text
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_FILE = Path("gateway.toml")
_SERVER = {"central": {"url": "https://give.example"}}
_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
_beacons = st.builds(
    BeaconId, st.uuids().filter(lambda uuid: uuid.int > 0), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)
)
_sites = st.builds(
    SiteFacts,
    community=st.builds(lambda a, b, c: Texts(**{"zh-Hans": a, "zh-Hant": b, "en": c}), _texts, _texts, _texts),
    environment=st.just(Environment.drill),
    beacon=st.none() | _beacons,
    project=st.sampled_from(["", "elder-lunch"]),
    language=st.sampled_from(Language),
    rotation=st.sampled_from([0, 90, 180, 270]),
)


@given(_sites)
def test_the_gateway_reads_from_the_file_what_was_decided(site: SiteFacts) -> None:
    settings = load_text(_FILE, format_site_file(site, "由测试写成 written by a test"), Settings, fill=_SERVER)
    assert settings.site.community == site.community
    assert [identity.id for identity in settings.advertise.identities] == ([site.beacon] if site.beacon else [])
    assert settings.advertise.project == (site.project or None if site.beacon else None)
    assert (settings.kiosk.language, settings.kiosk.rotation) == (site.language, site.rotation)


def test_a_site_without_a_server_leads_to_a_public_page() -> None:
    beacon = BeaconId(UUID("1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"), 1, 1)
    texts = Texts(**{"zh-Hans": "华大社区", "zh-Hant": "華大社區", "en": "Huada"})
    url, hosts = "https://donate.example.org/{project}", ("donate.example.org",)
    site = SiteFacts(texts, Environment.drill, beacon, "elder-lunch", link_url=url, link_hosts=hosts)
    text = format_site_file(site, "由测试写成 written by a test")
    settings = load_text(_FILE, text, Settings, fill=_SERVER)
    assert (settings.handoff.link_url, settings.handoff.link_hosts) == (url, hosts)
    values = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert len(values) <= 12, "an installer reads it at a glance"
