"""Make the JSON Schema file that the package of the gateway installs for editors."""

import json
from pathlib import Path

from beacon_gateway.settings_schema import make_schema

ROOT = Path(__file__).resolve().parent.parent


def make_gateway_schema() -> str:
    """Return the text of gateway.schema.json."""
    template = (ROOT / "config/gateway.toml").read_text("utf-8")
    return json.dumps(make_schema(template), ensure_ascii=False, indent=1) + "\n"
