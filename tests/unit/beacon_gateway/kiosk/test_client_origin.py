"""Who asks: this device, the local network, or anybody else."""

import pytest
from aiohttp.test_utils import make_mocked_request

from beacon_gateway.kiosk.client_origin import From, asked_from


class Socket:
    def __init__(self, remote: str, own: str) -> None:
        self._told = {"peername": (remote, 5), "sockname": (own, 8080)}

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._told.get(name, default)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("remote", "own", "where"),
    [
        ("127.0.0.1", "127.0.0.1", From.device),
        ("::1", "::1", From.device),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", From.device),
        ("192.168.1.20", "192.168.1.20", From.device),
        ("::ffff:192.168.1.20", "::ffff:192.168.1.20", From.device),
        ("192.168.1.21", "192.168.1.20", From.network),
        ("::ffff:10.0.0.9", "::ffff:10.0.0.2", From.network),
        ("fe80::2%eth0", "fe80::1%eth0", From.network),
        ("fd00::2", "fd00::1", From.network),
        ("8.8.8.8", "192.168.1.20", From.elsewhere),
        ("2400:3200::1", "2400:3200::2", From.elsewhere),
        ("not an address", "127.0.0.1", From.elsewhere),
        ("", "127.0.0.1", From.elsewhere),
    ],
)
def test_who_asks_is_told_by_the_connection(remote: str, own: str, where: From) -> None:
    socket = Socket(remote, own)
    request = make_mocked_request("GET", "/site", transport=socket)
    assert asked_from(request.clone(remote=remote)) is where
    for header in ("X-Forwarded-For", "Forwarded"):
        proxied = make_mocked_request("GET", "/site", headers={header: "x"}, transport=socket)
        assert asked_from(proxied.clone(remote=remote)) is From.elsewhere
