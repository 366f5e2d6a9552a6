"""`[bank]`: every fault is told as file:line: key: reason, word for word, before anything starts."""

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
LINK = 'kind = "link"\nlink_url = "https://give.example.org/{project}?yuan={amount_yuan}&lang={lang}"\n'
HOSTS = 'link_hosts = ["give.example.org"]\n'


def loaded(folder: Path, bank: str, environment: str = "drill") -> Settings:
    """`[bank]` stands in line 6 of the file."""
    file = folder / "central.toml"
    text = CONFIG.replace('kind = "sandbox"\n', bank).replace('environment = "drill"', f'environment = "{environment}"')
    assert text.splitlines()[5] == "[bank]"
    file.write_text(text, encoding="utf-8")
    return load(file, Settings)


@pytest.mark.parametrize("bank", [UNIONPAY, LINK + HOSTS, 'kind = "sandbox"\nurl = "http://127.0.0.1:8050"\n'])
def test_each_kind_needs_no_more_than_this(tmp_path: Path, bank: str) -> None:
    assert f'kind = "{loaded(tmp_path, bank).bank.kind}"' in bank


@pytest.mark.parametrize(
    ("bank", "environment", "told"),
    [
        (
            'kind = "sandbox"\n',
            "real",
            ['7: bank.kind: moves no money: site.environment must be "drill" (got "sandbox")'],
        ),
        ('kind = "piggy"\n', "drill", [f'7: bank.kind: {NO_KIND} (got "piggy")']),
        (
            'kind = "unionpay"\n',
            "drill",
            ['6: bank.merchant: is required for kind = "unionpay": 15 digits from UnionPay', f"6: {OWN_SITE}"],
        ),
        (UNIONPAY.replace("true", "false"), "real", [f"9: {OWN_SITE}"]),
        (UNIONPAY + 'url = "http://127.0.0.1:8060"\n', "real", [f'10: bank.url: {REAL} (got "http://127.0.0.1:8060")']),
        (UNIONPAY + 'url = "https://localhost"\n', "real", [f'10: bank.url: {REAL} (got "https://localhost")']),
        (
            UNIONPAY + 'url = "https://gateway.test.95516.com"\n',
            "real",
            [f'10: bank.url: {REAL} (got "https://gateway.test.95516.com")'],
        ),
        (
            UNIONPAY + 'url = "http://gateway.95516.com"\n',
            "real",
            [f'10: bank.url: {REAL} (got "http://gateway.95516.com")'],
        ),
        (
            UNIONPAY + 'url = "https://gateway.95516.com.example.org"\n',
            "real",
            [f'10: bank.url: {REAL} (got "https://gateway.95516.com.example.org")'],
        ),
        (
            UNIONPAY + 'url = "https://x95516.com"\n',
            "real",
            [f'10: bank.url: {REAL} (got "https://x95516.com")'],
        ),
        (
            UNIONPAY + 'file_url = "https://filedownload.test.95516.com"\n',
            "real",
            [f'10: bank.file_url: {REAL} (got "https://filedownload.test.95516.com")'],
        ),
        (
            UNIONPAY + 'url = "https://gateway.95516.com"\n',
            "drill",
            ['10: bank.url: is UnionPay\'s production, which a drill must not use (got "https://gateway.95516.com")'],
        ),
        (
            UNIONPAY + 'file_url = "https://filedownload.95516.com"\n',
            "drill",
            [
                "10: bank.file_url: is UnionPay's production, which a drill must not use "
                '(got "https://filedownload.95516.com")'
            ],
        ),
        (UNIONPAY + 'url = "https://bank.example"\n', "drill", [f'10: bank.url: {DRILL} (got "https://bank.example")']),
        (
            UNIONPAY + 'url = "http://gateway.test.95516.com"\n',
            "drill",
            [f'10: bank.url: {DRILL} (got "http://gateway.test.95516.com")'],
        ),
        (
            UNIONPAY.replace("777290058110048", "77729005811004"),
            "drill",
            ['8: bank.merchant: must be 15 digits from UnionPay (got "77729005811004")'],
        ),
        (
            UNIONPAY + 'link_url = "https://give.example.org"\n',
            "drill",
            ['10: bank.link_url: is not for kind = "unionpay": remove it'],
        ),
        (
            'kind = "sandbox"\nmerchant = "777290058110048"\n',
            "drill",
            ['8: bank.merchant: is not for kind = "sandbox": remove it'],
        ),
        ('kind = "link"\n', "real", ['6: bank.link_url: is required for kind = "link"']),
        (
            LINK,
            "real",
            [
                "8: bank.link_url: leads to give.example.org, which is not in link_hosts "
                '(got "https://give.example.org/{project}?yuan={amount_yuan}&lang={…")'
            ],
        ),
        (
            LINK.replace("give.example.org", "give.example.org:444") + HOSTS,
            "real",
            [
                "8: bank.link_url: leads to give.example.org:444, which is not in link_hosts "
                '(got "https://give.example.org:444/{project}?yuan={amount_yuan}&la…")'
            ],
        ),
        (
            LINK.replace("https://", "http://") + HOSTS,
            "real",
            [
                "8: bank.link_url: must begin with https:// and a host, without braces, user or password "
                '(got "http://give.example.org/{project}?yuan={amount_yuan}&lang={l…")'
            ],
        ),
        (
            'kind = "link"\nlink_url = "https://{project}.example.org/"\n' + HOSTS,
            "real",
            [
                "8: bank.link_url: must begin with https:// and a host, without braces, user or password "
                '(got "https://{project}.example.org/")'
            ],
        ),
        (
            'kind = "link"\nlink_url = "https://give.example.org/{intent}"\n' + HOSTS,
            "real",
            [
                "8: bank.link_url: may contain {project}, {amount_yuan}, {lang}; no other braces "
                '(got "https://give.example.org/{intent}")'
            ],
        ),
        (
            'kind = "link"\nlink_url = "https://give.example.org/{project!r}"\n' + HOSTS,
            "real",
            [
                "8: bank.link_url: may contain {project}, {amount_yuan}, {lang}; no other braces "
                '(got "https://give.example.org/{project!r}")'
            ],
        ),
        (
            'kind = "link"\nlink_url = "https://give.example.org/{project"\n' + HOSTS,
            "real",
            [
                "8: bank.link_url: is not a web address, or has an unpaired brace "
                '(got "https://give.example.org/{project")'
            ],
        ),
        (
            'kind = "link"\nlink_url = "https://me:secret@give.example.org/"\n' + HOSTS,
            "real",
            [
                "8: bank.link_url: must begin with https:// and a host, without braces, user or password "
                '(got "https://***@give.example.org/")'
            ],
        ),
        (
            LINK + HOSTS + 'credentials = "/etc/keys"\nown_site = true\n',
            "real",
            [
                '10: bank.credentials: is not for kind = "link": remove it',
                '11: bank.own_site: is not for kind = "link": remove it',
            ],
        ),
    ],
)
def test_a_fault_is_told_word_for_word(tmp_path: Path, bank: str, environment: str, told: list[str]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        loaded(tmp_path, bank, environment)
    assert str(refused.value).splitlines() == [f"{tmp_path}/central.toml:{line}" for line in told]


@pytest.mark.parametrize(
    ("environment", "url", "gateway", "files"),
    [
        (Environment.real, "", "https://gateway.95516.com", "https://filedownload.95516.com/"),
        (Environment.drill, "", "https://gateway.test.95516.com", "https://filedownload.test.95516.com/"),
        (Environment.drill, "http://127.0.0.1:8060", "http://127.0.0.1:8060", "http://127.0.0.1:8060/file/"),
    ],
)
def test_unionpays_addresses_follow_the_environment(
    tmp_path: Path, environment: Environment, url: str, gateway: str, files: str
) -> None:
    bank = loaded(tmp_path, UNIONPAY + f'url = "{url}"\n', environment.value).bank
    assert (bank.gateway(environment), bank.files(environment)) == (gateway, files)
