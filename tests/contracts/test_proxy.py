"""The supplied nginx.conf: current TLS, no addresses in logs, the client address set by the proxy only.

It was tried with nginx 1.26; these tests only read the file, because they have no nginx.
"""

import re
import ssl

from central_server.settings import ServerSettings
from debian.package import CENTRAL
from tests.paths import ROOT

CONF = ROOT / "config/nginx.conf"


def all_directives() -> list[tuple[str, str]]:
    return re.findall(r"^ *([a-z_]+) ([^;{}#]+);", CONF.read_text("utf-8"), re.MULTILINE)


def directives(name: str) -> list[str]:
    return [" ".join(value.split()) for each, value in all_directives() if each == name]


def test_only_current_tls_is_allowed() -> None:
    assert directives("ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (ciphers,) = directives("ssl_ciphers")
    context.set_ciphers(ciphers)
    offered = [each for each in context.get_ciphers() if each["protocol"] == "TLSv1.2"]
    assert len(offered) == len(ciphers.split(":")), "each name is one that OpenSSL knows"
    assert all(each["aead"] and each["kea"] == "kx-ecdhe" and each["strength_bits"] == 256 for each in offered)
    assert directives("ssl_session_tickets") == ["off"]


def test_requested_addresses_are_not_logged() -> None:
    assert directives("access_log") == ["off"] * len(re.findall(r"^server \{", CONF.read_text("utf-8"), re.MULTILINE))
    assert all(each.endswith(" crit") for each in directives("error_log"))


def test_only_the_proxy_sets_the_client_address() -> None:
    assert "X-Forwarded-For $remote_addr" in directives("proxy_set_header")
    assert 'Forwarded ""' in directives("proxy_set_header")
    assert directives("proxy_pass") == [f"http://127.0.0.1:{ServerSettings().port}"]


def test_plain_http_is_refused_for_programs_and_redirected_for_people() -> None:
    plain = CONF.read_text("utf-8").partition("listen 80;")[2].partition("\nserver ")[0]
    assert re.findall(r"location (\S+) \{[^}]*?return ([^;]+);", plain) == [
        ("/", "301 https://$host$request_uri"),
        ("/api/", "403"),
        ("/bank/", "403"),
    ]


def test_health_and_metrics_are_not_public() -> None:
    for path in ("/healthz", "/metrics"):
        assert re.search(rf"location = {path} \{{[^}}]*return 404;", CONF.read_text("utf-8"))


def test_it_is_in_the_package() -> None:
    assert "config/nginx.conf" in CENTRAL.files.values()
