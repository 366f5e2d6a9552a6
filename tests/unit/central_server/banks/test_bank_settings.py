"""`[bank]`: every fault is reported as file:line: key: reason before the server starts."""

from pathlib import Path

import pytest

from central_server.settings import Settings
from daemonkit.toml import ConfigRefused, load
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG

OWN_SITE = (
    "bank.own_site: must be true: this server's pages accept money only if the organisation has declared its own site "
    'as a fundraising venue; otherwise use the designated platform\'s page (kind = "link")'
)
NO_KIND = "只能是 'sandbox', 'link' 或 'unionpay' must be 'sandbox', 'link' or 'unionpay'"
REAL = "must be https:// and UnionPay's production (….95516.com) because site.environment is real"
DRILL = "must be UnionPay's test environment (https://….test.95516.com) or the emulator on this machine"
UNIONPAY = 'kind = "unionpay"\nmerchant = "777290058110048"\nown_site = true\n'
LINK = 'kind = "link"\nlink_url = "https://payee.a.internal/{project}?yuan={amount_yuan}&lang={lang}"\n'
HOSTS = 'link_hosts = ["payee.a.internal"]\n'


def loaded(folder: Path, bank: str, environment: str = "drill") -> Settings:
    """`[bank]` is line 6 of the file."""
    file = folder / "central.toml"
    text = CONFIG.replace('kind = "sandbox"\n', bank).replace('environment = "drill"', f'environment = "{environment}"')
    assert text.splitlines()[5] == "[bank]"
    file.write_text(text, encoding="utf-8")
    return load(file, Settings)


@pytest.mark.parametrize("bank", [UNIONPAY, LINK + HOSTS, 'kind = "sandbox"\nurl = "http://127.0.0.1:8050"\n'])
def test_the_minimal_settings_of_each_kind_are_accepted(tmp_path: Path, bank: str) -> None:
    assert f'kind = "{loaded(tmp_path, bank).bank.kind}"' in bank


HTTPS = "must begin with https:// and a host, without braces, user or password"
BRACES = "may contain {project}, {amount_yuan}, {lang}; no other braces"
NOT_LISTED = "which is not in link_hosts"
MERCHANT = 'is required for kind = "unionpay": 15 digits from UnionPay'
PRODUCTION = "is UnionPay's production, which a drill must not use"
MOVES_NOTHING = 'moves no money: site.environment must be "drill"'
TEST = "test.95516.com"


def url(address: str) -> str:
    return f'url = "{address}"\n'


def link(address: str) -> str:
    return f'kind = "link"\nlink_url = "{address}"\n'


def foreign(key: str, kind: str) -> str:
    return f'{key}: is not for kind = "{kind}": remove it'


LONG = "https://payee.a.internal/{project}?yuan={amount_yuan}&lang={…"
LONG_PORT = "https://payee.a.internal:444/{project}?yuan={amount_yuan}&la…"
LONG_HTTP = "http://payee.a.internal/{project}?yuan={amount_yuan}&lang={l…"
PORT = LINK.replace("payee.a.internal", "payee.a.internal:444")
EVIL = "https://gateway.95516.com.internal"
CASES: list[tuple[str, str, list[str]]] = [
    ('kind = "sandbox"\n', "real", [f'7: bank.kind: {MOVES_NOTHING} (got "sandbox")']),
    ('kind = "piggy"\n', "drill", [f'7: bank.kind: {NO_KIND} (got "piggy")']),
    ('kind = "unionpay"\n', "drill", [f"6: bank.merchant: {MERCHANT}", f"6: {OWN_SITE}"]),
    (UNIONPAY.replace("true", "false"), "real", [f"9: {OWN_SITE}"]),
    *(
        (UNIONPAY + url(address), "real", [f'10: bank.url: {REAL} (got "{address}")'])
        for address in (
            "http://127.0.0.1:8060",
            "https://localhost",
            f"https://gateway.{TEST}",
            "http://gateway.95516.com",
            EVIL,
            "https://x95516.com",
        )
    ),
    *(
        (UNIONPAY + url(address), "drill", [f'10: bank.url: {DRILL} (got "{address}")'])
        for address in ("https://bank.example", f"http://gateway.{TEST}")
    ),
    (
        UNIONPAY + f"file_{url(f'https://filedownload.{TEST}')}",
        "real",
        [f'10: bank.file_url: {REAL} (got "https://filedownload.{TEST}")'],
    ),
    *(
        (UNIONPAY + f'{key} = "{address}"\n', "drill", [f'10: bank.{key}: {PRODUCTION} (got "{address}")'])
        for key, address in (("url", "https://gateway.95516.com"), ("file_url", "https://filedownload.95516.com"))
    ),
    (
        UNIONPAY.replace("777290058110048", "77729005811004"),
        "drill",
        ['8: bank.merchant: must be 15 digits from UnionPay (got "77729005811004")'],
    ),
    (UNIONPAY + 'link_url = "https://x"\n', "drill", [f"10: bank.{foreign('link_url', 'unionpay')}"]),
    ('kind = "sandbox"\nmerchant = "777290058110048"\n', "drill", [f"8: bank.{foreign('merchant', 'sandbox')}"]),
    ('kind = "link"\n', "real", ['6: bank.link_url: is required for kind = "link"']),
    (LINK, "real", [f'8: bank.link_url: leads to payee.a.internal, {NOT_LISTED} (got "{LONG}")']),
    (PORT + HOSTS, "real", [f'8: bank.link_url: leads to payee.a.internal:444, {NOT_LISTED} (got "{LONG_PORT}")']),
    (LINK.replace("https://", "http://") + HOSTS, "real", [f'8: bank.link_url: {HTTPS} (got "{LONG_HTTP}")']),
    (
        link("https://{project}.example.org/") + HOSTS,
        "real",
        [f'8: bank.link_url: {HTTPS} (got "https://{{project}}.example.org/")'],
    ),
    *(
        (link(address) + HOSTS, "real", [f'8: bank.link_url: is not a web address (got "{address}")'])
        for address in ("https://*.internal/", "https://bank internal/", "https://999.1.1.1/")
    ),
    *(
        (link(address) + HOSTS, "real", [f'8: bank.link_url: {BRACES} (got "{address}")'])
        for address in ("https://payee.a.internal/{intent}", "https://payee.a.internal/{project!r}")
    ),
    (
        link("https://payee.a.internal/{project") + HOSTS,
        "real",
        ['8: bank.link_url: is not a web address, or has an unpaired brace (got "https://payee.a.internal/{project")'],
    ),
    (
        link("https://me:secret@payee.a.internal/") + HOSTS,
        "real",
        [f'8: bank.link_url: {HTTPS} (got "https://***@payee.a.internal/")'],
    ),
    (
        LINK + HOSTS + 'credentials = "/etc/keys"\nown_site = true\n',
        "real",
        [f"10: bank.{foreign('credentials', 'link')}", f"11: bank.{foreign('own_site', 'link')}"],
    ),
]


@pytest.mark.parametrize(("bank", "environment", "faults"), CASES)
def test_a_fault_is_reported_with_line_and_reason(
    tmp_path: Path, bank: str, environment: str, faults: list[str]
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        loaded(tmp_path, bank, environment)
    assert str(refused.value).splitlines() == [f"{tmp_path}/central.toml:{line}" for line in faults]


@pytest.mark.parametrize(
    ("environment", "address", "gateway", "files"),
    [
        (Environment.real, "", "https://gateway.95516.com", "https://filedownload.95516.com/"),
        (Environment.drill, "", "https://gateway.test.95516.com", "https://filedownload.test.95516.com/"),
        (Environment.drill, "http://127.0.0.1:8060", "http://127.0.0.1:8060", "http://127.0.0.1:8060/file/"),
    ],
)
def test_unionpays_addresses_follow_the_environment(
    tmp_path: Path, environment: Environment, address: str, gateway: str, files: str
) -> None:
    bank = loaded(tmp_path, UNIONPAY + url(address), environment.value).bank
    assert (bank.gateway(environment), bank.files(environment)) == (gateway, files)
