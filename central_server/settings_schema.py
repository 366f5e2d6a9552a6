"""Make the JSON Schema of central.toml for editors."""

from central_server.settings import Settings
from daemonkit import settings_schema
from daemonkit.settings_schema import Schema
from sync_contract.project import SERVER_KEYS

_TITLE = "beacon-central 的设置 Settings of beacon-central"


def make_schema(template: str) -> Schema:
    """Return the schema without the keys that the server finds out. `template`: the commented file."""
    unused = {"Project": tuple(sorted(SERVER_KEYS)), "Help": (), "HelpMonth": ()}
    return settings_schema.make_schema(Settings, template, _TITLE, unused=unused)
