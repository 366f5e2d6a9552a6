"""What the doctor finds at the central server's address, with real sockets; and remedies that name the checked file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from beacon_gateway.commands.doctor import USAGE, find_problems, read_facts, run
from beacon_gateway.doctor.machine import Answer, Machine
from tests.ports import own_port


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Serve every GET with this status, and as a captive portal does with an address to go to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/login")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "found"), [(200, Answer.server), (503, Answer.server), (302, Answer.redirect), (307, Answer.redirect)]
)
def test_a_redirect_is_another_machine(status: int, found: Answer) -> None:
    with answering(status) as url:
        assert Machine().request(url) is found


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://[::1", "no address"])
def test_an_address_without_an_answer_is_no_error(address: str) -> None:
    assert Machine().request(address.format(port=own_port())) is Answer.none


def test_a_server_without_tls_has_no_valid_certificate() -> None:
    with answering(200) as url:
        assert Machine().request(url.replace("http:", "https:")) is Answer.bad_certificate


def test_the_remedy_names_the_file_that_was_checked(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("[kiosk\n", encoding="utf-8")
    found = {each.code: each for each in find_problems(read_facts(file, tmp_path, "", Machine()))}
    assert found["settings"].remedy == f"beacon-gateway check-config {file}"
    assert f"{file}:1" in found["settings"].en


def test_an_unknown_language_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "no.toml", tmp_path, "xx", "", False) == USAGE
    assert capsys.readouterr() == ("", "--lang xx: 只有 zh 和 en only zh and en are available\n")
