"""`beacon-central user list` and `gateway list`."""

import json
from pathlib import Path

from tests.fakes import forked_programs
from tests.paths import ROOT


async def test_accounts_and_gateways_are_listed_for_people_and_programs(tmp_path: Path) -> None:
    place = ("--config", str(ROOT / "config/demo/central.toml"), "--state-dir", str(tmp_path / "state"))
    password = tmp_path / "password"
    password.write_text("a long and sensible password\n", "utf-8")

    async def output(*words: str) -> str:
        code, out, err = await forked_programs.run_command(*words, *place)
        assert code == 0, err
        return out

    await output("user", "add", "chen", "--role", "finance", "--password-file", str(password))
    await output("gateway", "invite", "--community", "huada", "--label", "东门", "--url", "http://127.0.0.1:1")
    assert await output("user", "list") == "chen  finance of all  active  no second step\n"
    (user,) = json.loads(await output("user", "list", "--json"))
    assert (user["name"], user["roles"]) == ("chen", "finance of all")
    (gateway,) = json.loads(await output("gateway", "list", "--json"))
    assert (gateway["label"], gateway["community"], gateway["state"]) == ("东门", "huada", "not enrolled")
    assert await output("gateway", "list") == f"{gateway['id']}  东门  huada  not enrolled\n"
