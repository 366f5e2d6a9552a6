"""Make the JSON Schema files that the packages install for editors."""

import json
from pathlib import Path

from beacon_gateway import settings_schema as gateway
from central_server import settings_schema as central

ROOT = Path(__file__).resolve().parent.parent


def make_gateway_schema() -> str:
    """Return the text of gateway.schema.json."""
    return _format(gateway.make_schema((ROOT / "config/gateway.toml").read_text("utf-8")))


def make_central_schema() -> str:
    """Return the text of central.schema.json."""
    return _format(central.make_schema((ROOT / "config/central.toml").read_text("utf-8")))


def _format(schema: dict[str, object]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
