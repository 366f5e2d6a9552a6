"""Test the origin of a request: device, network or external."""

import pytest
from aiohttp.test_utils import make_mocked_request

from beacon_gateway.kiosk.client_origin import ClientOrigin, classify_client


class Socket:
    def __init__(self, remote: str, own: str) -> None:
        self._result = {"peername": (remote, 5), "sockname": (own, 8080)}

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._result.get(name, default)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("remote", "own", "where"),
    [
        ("127.0.0.1", "127.0.0.1", ClientOrigin.device),
        ("::1", "::1", ClientOrigin.device),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", ClientOrigin.device),
        ("192.168.1.20", "192.168.1.20", ClientOrigin.device),
        ("::ffff:192.168.1.20", "::ffff:192.168.1.20", ClientOrigin.device),
        ("192.168.1.21", "192.168.1.20", ClientOrigin.network),
        ("::ffff:10.0.0.9", "::ffff:10.0.0.2", ClientOrigin.network),
        ("fe80::2%eth0", "fe80::1%eth0", ClientOrigin.network),
        ("fd00::2", "fd00::1", ClientOrigin.network),
        ("8.8.8.8", "192.168.1.20", ClientOrigin.external),
        ("2400:3200::1", "2400:3200::2", ClientOrigin.external),
        ("not an address", "127.0.0.1", ClientOrigin.external),
        ("", "127.0.0.1", ClientOrigin.external),
    ],
)
def test_the_connection_determines_the_client_origin(remote: str, own: str, where: ClientOrigin) -> None:
    socket = Socket(remote, own)
    request = make_mocked_request("GET", "/site", transport=socket)
    assert classify_client(request.clone(remote=remote)) is where
    for header in ("X-Forwarded-For", "Forwarded"):
        proxied = make_mocked_request("GET", "/site", headers={header: "x"}, transport=socket)
        assert classify_client(proxied.clone(remote=remote)) is ClientOrigin.external
