"""What the shipped nginx.conf lets through: TLS of today, no address in a log, and nobody's own word on who they are.

It was tried with nginx 1.26; here it is read, for the tests bring no nginx.
"""

import re
import ssl

from central_server.settings import ServerSettings
from debian.package import CENTRAL
from tests.paths import ROOT

CONF = ROOT / "config/nginx.conf"


def directives() -> list[tuple[str, str]]:
    return re.findall(r"^ *([a-z_]+) ([^;{}#]+);", CONF.read_text("utf-8"), re.MULTILINE)


def told(name: str) -> list[str]:
    return [" ".join(value.split()) for each, value in directives() if each == name]


def test_only_tls_of_today_is_spoken() -> None:
    assert told("ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (ciphers,) = told("ssl_ciphers")
    context.set_ciphers(ciphers)
    offered = [each for each in context.get_ciphers() if each["protocol"] == "TLSv1.2"]
    assert len(offered) == len(ciphers.split(":")), "each name is one that OpenSSL knows"
    assert all(each["aead"] and each["kea"] == "kx-ecdhe" and each["strength_bits"] == 256 for each in offered)
    assert told("ssl_session_tickets") == ["off"]


def test_no_address_that_was_asked_for_is_logged() -> None:
    assert told("access_log") == ["off"] * len(re.findall(r"^server \{", CONF.read_text("utf-8"), re.MULTILINE))
    assert all(each.endswith(" crit") for each in told("error_log"))


def test_who_a_request_is_from_is_said_by_the_proxy_alone() -> None:
    assert "X-Forwarded-For $remote_addr" in told("proxy_set_header")
    assert 'Forwarded ""' in told("proxy_set_header")
    assert told("proxy_pass") == [f"http://127.0.0.1:{ServerSettings().port}"]


def test_programs_that_speak_in_the_clear_are_refused_and_people_are_led_on() -> None:
    plain = CONF.read_text("utf-8").partition("listen 80;")[2].partition("\nserver ")[0]
    assert re.findall(r"location (\S+) \{[^}]*?return ([^;]+);", plain) == [
        ("/", "301 https://$host$request_uri"),
        ("/api/", "403"),
        ("/bank/", "403"),
    ]


def test_how_the_server_stands_is_told_to_nobody_outside() -> None:
    assert re.search(r"location = /healthz \{[^}]*return 404;", CONF.read_text("utf-8"))


def test_it_comes_with_the_package() -> None:
    assert "config/nginx.conf" in CENTRAL.files.values()
