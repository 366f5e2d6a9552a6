"""Make the JSON Schema of gateway.toml for editors."""

from beacon_gateway.settings import Settings
from daemonkit import settings_schema
from daemonkit.settings_schema import Schema
from sync_contract.project import SERVER_KEYS

_TITLE = "beacon-gateway 的设置 Settings of beacon-gateway"


def make_schema(template: str) -> Schema:
    """Return the schema without the keys that the server finds out. `template`: the commented file."""
    unused = {"Project": tuple(sorted(SERVER_KEYS)), "Help": (), "HelpMonth": ()}
    return settings_schema.make_schema(Settings, template, _TITLE, unused=unused)
