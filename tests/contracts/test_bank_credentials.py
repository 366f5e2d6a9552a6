"""Bank and merchant are identified by their credentials."""

from dataclasses import replace
from pathlib import Path

import pytest

from central_server.bank_emulator.keys import open_keys
from central_server.banks.port import (
    BankRefused,
    BankUnavailable,
    CredentialsRefused,
    NotificationRefused,
)
from central_server.banks.registry import BANKS
from tests.contracts.bank_rigs import NOTIFIES, QUERIES, Rig, known, order, sandbox


@QUERIES
async def test_another_bank_at_the_address_is_refused(rig: Rig, tmp_path: Path) -> None:
    """The credentials are of one bank, the answers of another."""
    wanted = order(rig)
    await rig.pays(wanted)
    async with BANKS[rig.bank.name](rig.elsewhere(tmp_path / "other")) as fooled:
        with pytest.raises(BankUnavailable):
            await fooled.query(known(wanted))
        with pytest.raises(NotificationRefused):
            fooled.verify(*rig.notification_of(wanted.id))


async def test_a_merchant_with_another_secret_gets_nothing(tmp_path: Path) -> None:
    async with sandbox(tmp_path / "bank") as rig:
        other = tmp_path / "other"
        open_keys(other)
        (other / "bank.pub").write_bytes((rig.account.credentials / "bank.pub").read_bytes())
        async with BANKS["sandbox"](replace(rig.account, credentials=other)) as stranger:
            with pytest.raises(BankRefused):
                await stranger.open(order(rig))


@NOTIFIES
@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xff\xfe"])
async def test_credentials_that_are_missing_or_wrong_name_their_file(
    rig: Rig, tmp_path: Path, content: bytes | None
) -> None:
    for name in rig.secrets:
        folder = tmp_path / f"bad {name}"
        folder.mkdir()
        for each in rig.secrets:
            (folder / each).write_bytes((rig.account.credentials / each).read_bytes())
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(CredentialsRefused, match=name):
            async with BANKS[rig.bank.name](replace(rig.account, credentials=folder)):
                pass
