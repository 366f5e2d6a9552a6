"""Write the reference pages from the code: commands with their options, and settings with their limits."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from daemonkit.command_line import EXIT_CODES
from debian.manual import list_commands, name_arguments

PROGRAMS = {
    "beacon-gateway": ("beacon_gateway.cli", "beacon_gateway.settings"),
    "beacon-central": ("central_server.cli", "central_server.settings"),
}
_LIMITS = {
    "minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMinimum": "> {}", "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters", "maxLength": "at most {} characters",
    "minItems": "at least {}", "maxItems": "at most {}", "pattern": "`{}`",
}  # fmt: skip


def write_reference(folder: Path) -> None:
    """Write commands.md and settings.md."""
    folder.mkdir(parents=True)
    commands, settings = ["# Commands", ""], ["# Settings", "", *_SETTINGS_START]
    for program, (cli, model) in PROGRAMS.items():
        commands += [f"## {program}", "", *_describe_commands(program, import_module(cli).app)]
        settings += [f"## {program}", "", *_describe_settings(import_module(model).Settings)]
    commands += ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    commands += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    (folder / "commands.md").write_text("\n".join(commands) + "\n", "utf-8")
    (folder / "settings.md").write_text("\n".join(settings) + "\n", "utf-8")


_SETTINGS_START = (
    "The commented files explain each setting in Chinese and English:",
    "[gateway.toml](../repository/config/gateway-toml.md), [central.toml](../repository/config/central-toml.md).",
    "This page lists what the programs accept.",
    "",
)


def _describe_commands(program: str, app: typer.Typer) -> Iterator[str]:
    for words, command in list_commands(typer.main.get_command(app), ()):
        yield f"### {' '.join((program, *words))}"
        yield ""
        yield " ".join((command.help or "").split())
        yield ""
        yield f"```text\n{' '.join((program, *words, *name_arguments(command)))}\n```"
        yield ""
        options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
        if options:
            yield "| option | meaning |"
            yield "|---|---|"
        for option in options:
            names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
            yield f"| {names} | {_cell(getattr(option, 'help', '') or '')} |"
        yield ""


def _describe_settings(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema()
    yield "| setting | type | default | limits |"
    yield "|---|---|---|---|"
    for key, value in _flatten(schema, schema.get("$defs", {}), ""):
        default = "" if "default" not in value else f"`{value['default']!r}`"
        yield f"| `{key}` | {_type_of(value)} | {_cell(default)} | {_cell(', '.join(_limits_of(value)))} |"
    yield ""


def _flatten(schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield each value with its dotted key; `[]`: a table that may occur several times."""
    for name, each in schema.get("properties", {}).items():
        resolved = {**_resolve(each, definitions), **{key: each[key] for key in each if key != "$ref"}}
        items = _resolve(resolved.get("items", {}), definitions)
        if resolved.get("properties"):
            yield from _flatten(resolved, definitions, f"{prefix}{name}.")
        elif items.get("properties"):
            yield from _flatten(items, definitions, f"{prefix}{name}[].")
        else:
            yield f"{prefix}{name}", resolved


def _resolve(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in value:
        return _resolve(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return value


def _type_of(value: Mapping[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_type_of(each) for each in value["anyOf"] if each.get("type") != "null"))
    words = str(value.get("type", "value"))
    return f"{words} ({value['format']})" if "format" in value else words


def _limits_of(value: Mapping[str, Any]) -> Iterator[str]:
    for each in (value, *value.get("anyOf", ())):
        yield from (text.format(each[name]) for name, text in _LIMITS.items() if name in each)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
