"""The catalogue is signed, its version rises only with its content, and a gateway that has it is told so."""

from pathlib import Path

import aiohttp
import pytest

from central_server.state_files import StateRefused, catalogue_key, form_secret
from sync_contract.catalogue import Catalogue, SignedCatalogue, verify
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central

PATH = "/api/v1/catalogue"


async def pulled(session: aiohttp.ClientSession, central: RunningCentral) -> Catalogue:
    async with session.get(central.url + PATH) as answer:
        assert answer.content_type == "application/json"
        signed = SignedCatalogue.model_validate_json(await answer.read())
    return verify(signed, catalogue_key(central.state).public_key(), 0)


async def test_the_version_rises_only_when_the_content_changes(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    versions = []
    for config in (CONFIG, CONFIG, CONFIG.replace("amounts_fen = [1000, 5000]", "amounts_fen = [2000]"), CONFIG):
        async with running_central(tmp_path / "central", bank, config=config) as central:
            catalogue = await pulled(session, central)
            versions.append((catalogue.version, catalogue.projects[0].amounts_fen))
    assert versions == [(1, (1000, 5000)), (1, (1000, 5000)), (2, (2000,)), (3, (1000, 5000))]


async def test_a_gateway_that_has_it_is_told_304(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    async with session.get(central.url + PATH) as answer:
        etag = answer.headers["ETag"]
    for held, status in ((etag, 304), (f'"0-x", {etag}', 304), ('"0-x"', 200), ("*", 304)):
        async with session.get(central.url + PATH, headers={"If-None-Match": held}) as answer:
            assert answer.status == status, held
            assert answer.headers["ETag"] == etag


def test_the_servers_own_secrets_are_made_once_and_kept_close(tmp_path: Path) -> None:
    key, secret = catalogue_key(tmp_path), form_secret(tmp_path)
    assert catalogue_key(tmp_path).private_bytes_raw() == key.private_bytes_raw()
    assert form_secret(tmp_path) == secret
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    (tmp_path / "catalogue.key").write_bytes(b"short")
    with pytest.raises(StateRefused, match=r"catalogue\.key"):
        catalogue_key(tmp_path)
