"""A gateway is restored on a new card while the old one goes on: every gift reaches the server once."""

import asyncio
import json
import re
from functools import partial
from pathlib import Path

import pytest

from beacon_gateway.clock import read_clock
from beacon_gateway.commands import run as gateway_run
from beacon_gateway.model.donations import Intent
from beacon_gateway.store import state_folder
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import Keys
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.ports import CentralRefusedUs
from sync_contract.enrolment import KEY_REVOKED
from sync_contract.money import Money
from sync_contract.records import Door, HandoffKind, Receipt
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.enrolling_device import code_for, invited
from tests.fakes.forked_programs import forked_program, run_command
from tests.flow.programs import DEMO, IMPATIENT, SIMULATED, delivered_gifts, has_started, rows
from tests.ports import free_plan


async def command(*words: str, state: Path, config: Path | None) -> tuple[int, str, str]:
    place = ("--state-dir", str(state), *(("--config", str(config)) if config else ()))
    return await run_command(*words, *place, program="beacon_gateway")


async def record(state: Path, *amounts: int) -> None:
    """Record one gift for each amount, in fen."""
    async with open_database(state / "gateway.db") as database:
        for fen in amounts:
            gift = Intent(
                new_id(), Environment.drill, "elder-lunch", Money(fen), None, Door.touch, HandoffKind.ticket, 1
            )
            await Intents(database).record(gift, key=gift.id, clock=read_clock())


async def deliver(state: Path, url: str, *amounts: int) -> list[Receipt]:
    """Deliver the waiting gifts of these amounts; return their receipts."""
    identity = Keys(state).read()
    async with (
        open_database(state / "gateway.db") as database,
        open_central(url, lambda: Signer(identity.gateway, identity.key)) as central,
    ):
        outbox = Outbox(database)
        waiting = await outbox.waiting(parcels=100, size=2**20)
        chosen = [each for each in waiting if json.loads(each.text)["body"]["amount_minor"] in amounts]
        receipts = await central.deliver_parcels(chosen)
        await outbox.settle(chosen, receipts)
    return [each.receipt for each in receipts]


async def test_a_restored_gateway_delivers_each_gift_once(tmp_path: Path) -> None:
    old, new, config, fresh = (tmp_path / name for name in ("old", "new", "old.toml", "new.toml"))
    text = re.sub(r"\[central\]\nurl = .*\n", "", (DEMO / "gateway.toml").read_text("utf-8"))
    config.write_text(text, "utf-8")
    async with running_bank(tmp_path / "bank") as bank, running_central(tmp_path / "central", bank) as central:
        async with central.database() as database:
            gateway, code = await invited(database, label="大厅")
            _, of_another = await invited(database, label="西门")
        assert (await command("enrol", central.url, code, state=old, config=config))[0] == 0
        state_folder.claim(old, Environment.drill)

        await record(old, 100, 200, 300)
        assert await deliver(old, central.url, 100) == [Receipt.accepted]
        ended, output, errors = await command("backup", str(tmp_path), "--json", state=old, config=config)
        assert ended == 0, errors
        made = json.loads(output)
        assert (made["gateway"], made["contents"]["gifts"]) == (gateway.id, 2)
        await record(old, 400)
        assert await deliver(old, central.url, 200, 400) == [Receipt.accepted] * 2, "after the backup"

        words = ("restore", made["file"], of_another, "--json")
        ended, output, errors = await command(*words, state=new, config=fresh)
        assert (ended, "records of a gateway of another place" in errors) == (1, True), errors
        assert json.loads(output)["enrolled"] is False
        assert fresh.read_bytes() == config.read_bytes()
        async with central.database() as database:
            code = await code_for(database, gateway.id)
        ended, output, errors = await command("restore", made["file"], code, state=new, config=fresh)
        assert (ended, "moved aside" in errors) == (1, True), "it is the gateway now"
        ended, output, errors = await command("restore", made["file"], code, "--yes", state=new, config=fresh)
        assert ended == 0, errors
        assert f"登记成功 enrolled: 大厅 ({gateway.id})" in output

        await record(old, 500)
        with pytest.raises(CentralRefusedUs) as refused:
            await deliver(old, central.url, 500)
        assert refused.value.word == KEY_REVOKED
        await record(new, 600)
        main = partial(gateway_run.run, fresh, new, SIMULATED, free_plan().kiosk_port, None, None, IMPATIENT)
        async with forked_program("gateway", main, log=tmp_path / "pi.log"), asyncio.timeout(120):
            await has_started(tmp_path / "pi.log", 1)
            while len(delivered_gifts(tmp_path)) < 5:
                await asyncio.sleep(0.02)
            async with open_database(new / "gateway.db", read_only=True) as database:
                while (await Outbox(database).counts())["waiting"]:
                    await asyncio.sleep(0.02)

        gifts = delivered_gifts(tmp_path)
        assert sorted(each["body"]["amount_minor"] for each in gifts) == [100, 200, 300, 400, 600]
        of_amount = {each["body"]["amount_minor"]: each for each in gifts}
        assert of_amount[300]["epoch"] == of_amount[400]["epoch"] != of_amount[600]["epoch"]
        assert rows(tmp_path, "SELECT count(*) FROM sequences WHERE forked_at IS NOT NULL") == [(0,)]
        assert rows(tmp_path, "SELECT DISTINCT gateway FROM batches") == [(gateway.id,)]
        ended, output, _ = await command("sync", "log", "--lines", "50", state=new, config=None)
        assert output.count("delivered (the server had it already)") == 1, output
