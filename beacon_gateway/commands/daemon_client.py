"""Query the gateway that runs on this device, over loopback HTTP."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.errors import GatewayError
from beacon_gateway.settings_addresses import in_url

"""In the state directory: the settings with which the gateway last served the kiosk and scanned."""
TIMEOUT_S = 5.0
DELIVERY_TIMEOUT_S = 90.0
"""More than the gateway's own limit of a delivery on request."""
_MAX_BYTES = 8_000_000


class NotRunning(GatewayError):
    """No gateway answers at the address; the text contains the cause."""


def find_address(config: Path, state_dir: Path) -> str:
    """Return the address of the gateway with these settings. Raise ConfigRefused."""
    kiosk = load_settings(config, state_dir).kiosk
    return f"http://{in_url(kiosk.host)}:{kiosk.port}"


def fetch(base: str, path: str) -> bytes:
    """Return the body of a GET, without a proxy. Raise NotRunning."""
    try:
        with build_opener(ProxyHandler({})).open(base.rstrip("/") + path, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read(_MAX_BYTES))
    except HTTPError as error:
        if path == "/healthz" and error.code == 503:  # unhealthy, with a normal body
            return bytes(error.read(_MAX_BYTES))
        raise NotRunning(f"{error.url}: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:  # an invalid URL is a ValueError
        reason = error.reason if isinstance(error, URLError) else error
        raise NotRunning(f"没有网关在 {base} 运行 no gateway answers there: {reason}") from error


def fetch_json(base: str, path: str) -> Mapping[str, Any]:
    """Return the JSON object at `path`. Raise NotRunning."""
    try:
        body = json.loads(fetch(base, path))
    except ValueError as error:
        raise NotRunning(f"{base}{path}: {error}") from error
    if not isinstance(body, dict):
        raise NotRunning(f"{base}{path}: not a gateway's answer")
    return body


def post_json(base: str, path: str, body: object, *, timeout_s: float) -> Mapping[str, Any]:
    """Return the JSON object that answers a POST. Raise NotRunning."""
    request = Request(  # noqa: S310  # an address of http, from the settings or the command line
        base.rstrip("/") + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=timeout_s) as answer:
            found = json.loads(answer.read(_MAX_BYTES))
    except HTTPError as error:
        raise NotRunning(f"{error.url}: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise NotRunning(f"没有网关在 {base} 运行 no gateway answers there: {reason}") from error
    if not isinstance(found, dict):
        raise NotRunning(f"{base}{path}: not a gateway's answer")
    return found
