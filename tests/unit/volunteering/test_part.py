"""The part as the server finds it: by its entry point, only while it is on, and where gifts are real with a sender."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from central_server.commands import check_config
from central_server.commands.doctor_server import volunteers
from central_server.settings import Settings
from central_server.settings_parts import MessageSettings
from daemonkit.toml import load
from tests.entry_points import write_entry_points
from tests.paths import ROOT
from volunteering.part import PART

SCRIPT = """
import sys
from central_server import server
from central_server.errors import PartUnavailable
from central_server.parts import load_parts
from central_server.settings import Settings
from daemonkit.toml import load
from pathlib import Path

off = load(Path("central_server/central.toml"), Settings)
assert off.enabled_parts == () == load_parts(off)
assert not [name for name in sys.modules if name.startswith("volunteering")]
on = off.model_copy(update={"volunteering": off.volunteering.model_copy(update={"enabled": True})})
print([part.name for part in load_parts(on)])
sys.path.clear()
try:
    load_parts(on)
except PartUnavailable as error:
    print(error)
"""


def test_the_server_imports_the_part_only_while_it_is_on(tmp_path: Path) -> None:
    write_entry_points(tmp_path)
    command = [sys.executable, "-c", SCRIPT]
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "['volunteering']",
        "volunteering.enabled: the package of this part is not installed; install it or write false",
    ], done.stderr


@pytest.mark.parametrize("kind", ["screen", "mail", "http"])
def test_where_gifts_are_real_a_sender_is_needed(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for environment, server, remedy in (
        ("drill", "", {"mail": "write host in [mail]"}),
        ("real", "", {"screen": 'write "mail" or "http"', "mail": "write host in [mail]"}),
        ("real", "mail.example.org", {"screen": 'write "mail" or "http"'}),
    ):
        shipped = (ROOT / "config/central.toml").read_text()
        before, rest = shipped.split("[volunteering]\n")
        section, mail = rest.split("[mail]\n")
        section = section.replace("enabled = false", "enabled = true").replace('kind = "screen"', f'kind = "{kind}"')
        section = section.replace('mail_address = ""', 'mail_address = "{mobile}@sms.example.org"')
        section = section.replace('\nurl = ""', '\nurl = "https://sms.example.org/send"')
        section = section.replace('\nbody = ""', """\nbody = '{"to": "{mobile}", "text": "{text}"}'""")
        mail = mail.replace('host = ""', f'host = "{server}"').replace('sender = ""', 'sender = "a@b.example"')
        before = before.replace('environment = "drill"\n', f'environment = "{environment}"\n')
        filled = f"{before}[volunteering]\n{section}[mail]\n{mail}"
        file = tmp_path / "central.toml"
        file.write_text(filled)
        check_config.run(file)
        out, err = capsys.readouterr()
        line = next((each for each in err.splitlines() if "volunteering.messages.kind" in each), "")
        assert (remedy.get(kind, "") in line, bool(line)) == (True, kind in remedy), (environment, server, err)
        if environment == "drill" and not line:
            expected = {"screen": "allowed in a drill only", "http": "https://sms.example.org/send"}
            assert expected[kind] in out, err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "mail"}, "mail_address is missing"),
        ({"kind": "http"}, "url is missing"),
        ({"kind": "http", "url": "http://sms.example.org"}, "must begin with https://"),
        ({"kind": "http", "url": "https://sms.example.org", "body": "{mobile}"}, "body needs {text}"),
        ({"kind": "http", "url": "https://sms.example.org", "body": '{"a": {mobile}, {text}}'}, "body is not JSON"),
        ({"kind": "http", "url": "https://sms.example.org", "body": "{mobile}{text}{secret}"}, "needs secret_file"),
    ],
)
def test_an_incomplete_sender_is_refused(changed: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        MessageSettings.model_validate(changed)


def test_each_page_of_the_menu_selects_one_entry_and_a_group_fits_a_line() -> None:
    entries = [entry for group in PART.menus for entry in group.entries]
    for entry in entries:
        for path in (entry.path, f"{entry.path}/new", *entry.also):
            assert [each.path for each in entries if each.leads_to(path)] == [entry.path], path
    assert max(len(group.entries) for group in PART.menus) <= 7


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"kind": "screen"}, "note", "no message is sent"),
        ({"kind": "mail", "mail_address": "{mobile}@sms.example.org"}, "ok", "{mobile}@sms.example.org"),
        ({"kind": "http", "secret_file": "/nowhere/secret"}, "person", "/nowhere/secret cannot be read"),
        ({"kind": "http"}, "ok", "sms.example.org; send a code"),
    ],
)
def test_the_doctor_names_the_way_to_telephones(changed: dict[str, str], level: str, words: str) -> None:
    off = load(ROOT / "config/central.toml", Settings)
    assert list(volunteers(off)) == []
    filled = {"url": "https://sms.example.org/send?key=hidden", "body": '{"a": "{mobile}", "b": "{text}"}'}
    messages = MessageSettings.model_validate((filled if changed["kind"] == "http" else {}) | changed)
    on = off.volunteering.model_copy(update={"enabled": True, "messages": messages})
    (finding,) = volunteers(off.model_copy(update={"volunteering": on}))
    assert (finding.level.name, words in finding.text, "hidden" in finding.text) == (level, True, False)
