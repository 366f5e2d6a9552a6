"""Staff make an enrolment bundle; it is listed with its state, works once and can be revoked."""

import re
from pathlib import Path
from uuid import UUID

import aiohttp

from beacon_gateway.setup.bundle_file import read_bundle
from central_server.enrolment import enrolment_codes
from central_server.enrolment.enrolment_codes import BUNDLE_LIFETIME
from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.enrolment_bundle import EnrolmentBundle
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.enrolling_device import invited
from tests.unit.central_server.alerts.test_rejected_requests import NOW
from tests.unit.central_server.enrolment_steps import age, device
from tests.unit.central_server.staff.test_overview import text
from tests.unit.central_server.staff.test_staff import logged_in

_HALL = BeaconId(UUID("7d9c1f0e-50f3-4a55-9e3b-0c7d9a3a1f11"), 7, 9)
_FORM = {"language": "zh-Hant", "time_zone": "Asia/Shanghai", "rotation": "90", "wifi": "大厅 Wi-Fi"}


async def submit(donor: Donor, form: Page, url: str, **fields: str) -> Page:
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', form.html)
    assert csrf is not None
    return await donor.send(url, {"csrf": csrf[1], **fields})


def read(tmp_path: Path, page: Page) -> EnrolmentBundle:
    file = tmp_path / "beacon-enrolment.toml"
    file.write_text(page.html, "utf-8")
    bundle = read_bundle(file)
    assert bundle is not None
    return bundle


@sqlite_only
async def test_a_bundle_has_what_the_hall_needs_and_works_once(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor, tmp_path: Path
) -> None:
    async with central.database() as database:
        gateway, typed = await invited(database, label="大厅")
        async with database.write() as connection:
            hall = StoredBeacon(
                "hall", "huada", _HALL, BeaconKind.place, "门口", -59, "", gateway.id, (), "", NOW, "chen"
            )
            assert await beacons.save(connection, hall, 0)
    await logged_in(central, donor)
    at = f"{central.url}/staff/gateways/{gateway.id}/bundle"
    gateway_page = await donor.open(at.removesuffix("/bundle"))
    assert f'href="/staff/gateways/{gateway.id}/bundle"' in gateway_page.html
    form = await donor.open(at)
    assert re.search(r'value="hall" selected', form.html), "its own beacon is chosen already"

    for wrong, words in (
        ({"wifi": "n" * 33}, "at most 32 bytes"),
        ({"passphrase": "short"}, "8 to 63"),
        ({"wifi": "", "passphrase": "long enough"}, "Enter the name of the Wi-Fi"),
        ({"time_zone": "Asia/Quanzhou"}, "not a time zone"),
        ({"rotation": "45"}, "0, 90, 180 or 270"),
        ({"rotation": "9" * 5000}, "0, 90, 180 or 270"),
        ({"beacon": "elsewhere"}, "one of the listed beacons"),
    ):
        assert words in (await submit(donor, form, at, **(_FORM | wrong))).text()
    assert (await device(central, session).enrol(typed))[0] == 200, "a refused form withdraws no code"

    made = await submit(donor, form, at, beacon="hall", passphrase='a "quoted" \\ pass', **_FORM)
    bundle = read(tmp_path, made)
    assert (bundle.beacon and bundle.beacon.id, bundle.site.hall) == (_HALL, "大厅")
    assert (bundle.network.wifi, bundle.network.passphrase) == ("大厅 Wi-Fi", 'a "quoted" \\ pass')
    assert (bundle.site.language, bundle.site.rotation, bundle.site.environment) == ("zh-Hant", 90, "drill")
    assert bundle.enrolment.server == central.url
    assert "Not used yet" in text(await donor.open(f"{central.url}/staff/gateways/bundles"))
    async with central.database() as database:
        await age(database, "UPDATE enrolment_codes SET ends_at = ends_at - :by", BUNDLE_LIFETIME * 0.99)
    assert (await device(central, session).enrol(bundle.enrolment.code))[0] == 200
    assert (await device(central, session).enrol(bundle.enrolment.code))[1]["code"] == "code_used"
    listed = text(await donor.open(f"{central.url}/staff/gateways/bundles"))
    assert "Used" in listed
    assert "Made an enrolment bundle" in text(await donor.open(f"{central.url}/staff/audit"))


@sqlite_only
async def test_a_revoked_bundle_and_an_expired_one_enrol_nothing(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor, tmp_path: Path
) -> None:
    async with central.database() as database:
        gateway, _ = await invited(database)
    await logged_in(central, donor)
    at, pi = f"{central.url}/staff/gateways/{gateway.id}/bundle", device(central, session)
    form = await donor.open(at)
    first = read(tmp_path, await submit(donor, form, at, **_FORM))
    page = await submit(donor, form, f"{at}/revoke")
    assert "Revoked" in text(page)
    assert (await pi.enrol(first.enrolment.code))[1]["code"] == "code_revoked"
    second = read(tmp_path, await submit(donor, form, at, **_FORM))
    async with central.database() as database:
        await age(database, "UPDATE enrolment_codes SET ends_at = ends_at - :by", BUNDLE_LIFETIME)
    assert (await pi.enrol(second.enrolment.code))[1]["code"] == "code_expired"
    assert "Expired" in text(await donor.open(f"{central.url}/staff/gateways/bundles"))
    assert second.enrolment.code not in (await donor.open(f"{central.url}/staff/gateways/bundles")).html
    assert enrolment_codes.BUNDLE_LIFETIME.total_seconds() == 48 * 3600
