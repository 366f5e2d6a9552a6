"""Every fault of central.toml is named before the server starts."""

from pathlib import Path

import pytest

from central_server.settings import Settings
from daemonkit.toml import ConfigRefused, load
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG
from tests.paths import ROOT

UNBINDABLE = ("127.0.0.1:80", "999.1.1.1", "::1::", "[::1]", "http://x", "a b", "")
UUID_LINE = 'uuid = "fda50693-a4e2-4fb1-afcf-c6eb07647825"'
NIL = "00000000-0000-0000-0000-000000000000"
BINDING = """
[[bindings]]
uuid = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
major = 10
minor = 7
project = "lunch"
"""


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "central.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, Settings)


def test_a_complete_file_is_loaded(tmp_path: Path) -> None:
    server = '[server]\nhost = "0.0.0.0"\nport = 0\npublic_url = "https://Give.example.org"\nallowed_hosts = ["give"]\n'
    settings = loaded(tmp_path, server + CONFIG + BINDING)
    assert settings.server.public_url == "https://give.example.org"
    assert settings.bindings[0].beacon.major == 10
    assert [project.id for project in settings.projects] == ["lunch", "ended"]


@pytest.mark.parametrize("name", ["config/central.toml", "config/demo/central.toml"])
def test_the_shipped_files_are_valid(name: str) -> None:
    load(ROOT / name, Settings)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('environment = "drill"', 'environment = "real"', "moves no money"),
        ('kind = "sandbox"', 'kind = "piggy"', "bank"),
        ('kind = "sandbox"', 'kind = "sandbox"\nurl = "ftp://bank"', "http"),
        ('kind = "sandbox"', 'kind = "sandbox"\nurl = "http://bank/path"', "without a path"),
        ('kind = "sandbox"', 'kind = "sandbox"\nurl = "http://user:pass@bank"', "http"),
        ('kind = "sandbox"', 'kind = "sandbox"\nurl = "http://bank:99999"', "http"),
        ('id = "ended"', 'id = "lunch"', "repeated"),
        (
            'id = "ended"',
            'id = "ended"\nphrases = ["a|b"]',
            r"projects\[1\].phrases: .+ remove it",
        ),
        ('id = "ended"', 'id = "ended"\nhelped = 7', r"projects\[1\].helped: .+ remove it"),
        ("opens = 2020-01-01\ncloses = 2020-12-31", "opens = 2021-01-01\ncloses = 2020-12-31", "closes"),
        ("major = 10\n", "major = 65536\n", "major"),
        ('project = "lunch"', 'project = "nobody"', "no project"),
        (BINDING, BINDING + BINDING, "repeated"),
        ("[site]", "[site]\nnew = 1", "new"),
        ("[site]", '[store]\nurl = "mysql://beacon:hunter2@db/beacon"\n[site]', "store.url: expected postgresql"),
        ("[site]", "[store]\nurl = 7\n[site]", "store.url"),
        ("[site]", "[store]\nconnections = 1\n[site]", "store.connections"),
        ("[site]", "[server]\nport = 65536\n[site]", "port"),
        *(
            ("[site]", f'[server]\nhost = "{host}"\n[site]', "server.host: expected a host name or an IP address")
            for host in UNBINDABLE
        ),
        *(
            ("[site]", f'[server]\npublic_url = "{url}"\n[site]', "server.public_url: expected")
            for url in ("https://*.internal/", "https://bank internal/", "https://999.1.1.1", "https://")
        ),
        ("[site]", '[server]\nallowed_hosts = ["a..b"]\n[site]', "allowed_hosts"),
        ("[site]", '[mail]\nhost = "mail.internal:25"\nsender = "a@b.internal"\n[site]', "mail.host"),
        (UUID_LINE, f'uuid = "{NIL}"', r"bindings\[0\].uuid: .*must not be all zeros"),
        ("[site]", '[server]\nallowed_hosts = ["UPPER"]\n[site]', "allowed_hosts"),
        ("[site]", '[server]\ntrusted_proxies = ["proxy.example"]\n[site]', "trusted_proxies"),
        ("[site]", '[server]\ntrusted_proxies = ["10.0.0.1/8"]\n[site]', "trusted_proxies"),
        ("[site]", '[server]\ntrusted_proxies = ["0.0.0.0/0"]\n[site]', "every address"),
        ("[site]", '[server]\ntrusted_proxies = ["::/0"]\n[site]', "every address"),
    ],
)
def test_an_invalid_setting_is_refused_and_named(tmp_path: Path, before: str, after: str, words: str) -> None:
    text = CONFIG + BINDING
    assert before in text
    with pytest.raises(ConfigRefused, match=words) as refused:
        loaded(tmp_path, text.replace(before, after, 1))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://beacon@/beacon",
        "postgresql://beacon@localhost:5432/beacon",
        "postgresql://beacon@[::1]:5432,127.0.0.1/beacon",
        "postgresql://beacon@/beacon?host=/run/postgresql",
        "postgresql://beacon@%2Frun%2Fpostgresql/beacon",
        "postgresql://beacon@db.example/beacon?sslmode=verify-full",
        "postgresql://beacon@10.0.0.7,10.0.0.8:5433/beacon?sslmode=verify-full&sslrootcert=/etc/db.crt",
    ],
)
def test_a_local_database_or_one_with_verified_tls_is_accepted(tmp_path: Path, url: str) -> None:
    assert loaded(tmp_path, f'[store]\nurl = "{url}"\n{CONFIG}').store.url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://beacon:hunter2@db.example/beacon",
        "postgresql://beacon:hunter2@127.0.0.1,db.example/beacon",
        "postgresql://beacon:hunter2@/beacon?host=db.example",
        "postgresql://beacon:hunter2@[2001:db8::1]:5432/beacon",
        "postgresql://beacon:hunter2@db.example/beacon?sslmode=require",
        "postgresql://beacon:hunter2@db.example/beacon?sslmode=verify-ca",
        "postgresql://beacon:hunter2@db.example/beacon?sslmode=verify-full&sslmode=disable",
    ],
)
def test_a_remote_database_without_verified_tls_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigRefused, match=r"store\.url: is on another machine") as refused:
        loaded(tmp_path, f'[store]\nurl = "{url}"\n{CONFIG}')
    assert "hunter2" not in str(refused.value)


REAL = CONFIG.replace('environment = "drill"', 'environment = "real"').replace(
    'kind = "sandbox"', 'kind = "link"\nlink_url = "https://give.internal/x"\nlink_hosts = ["give.internal"]'
)


@pytest.mark.parametrize(
    "server",
    ["", 'public_url = "https://give.internal"', 'host = "::1"\npublic_url = "https://give.internal"'],
)
def test_a_production_server_has_https_or_a_local_address(tmp_path: Path, server: str) -> None:
    assert loaded(tmp_path, f"[server]\n{server}\n{REAL}").site.environment is Environment.real


@pytest.mark.parametrize(
    ("server", "key"),
    [
        ('public_url = "http://give.internal"', "public_url"),
        ('host = "0.0.0.0"\npublic_url = "https://give.internal"', "host"),
        ('host = "::"', "host"),
        ('host = "192.168.1.2"', "host"),
    ],
)
def test_a_production_server_refuses_remote_plain_http(tmp_path: Path, server: str, key: str) -> None:
    with pytest.raises(ConfigRefused, match=rf"server\.{key}: must be.*because site.environment is real"):
        loaded(tmp_path, f"[server]\n{server}\n{REAL}")
    loaded(tmp_path, f"[server]\n{server}\n{CONFIG}")  # a drill may


def test_a_group_robot_needs_https(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"alerts\.wecom: must begin with https://"):
        loaded(tmp_path, f'{CONFIG}\n[alerts]\nwecom = "http://chat.example"\n')


def test_the_database_url_is_not_printed(tmp_path: Path) -> None:
    url = "postgresql://beacon:hunter2@db.example/beacon?sslmode=verify-full"
    settings = loaded(tmp_path, f'[store]\nurl = "{url}"\n{CONFIG}')
    assert settings.store.url.get_secret_value() == url
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"
