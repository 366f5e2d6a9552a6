"""Generate the manual page and the shell completions of a program from its commands."""

import gzip
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer
from typer._completion_shared import get_completion_script

from daemonkit.command_line import EXIT_CODES, Translate, read_texts, translate_help

COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/{name}",
    "zsh": "usr/share/zsh/vendor-completions/_{name}",
    "fish": "usr/share/fish/vendor_completions.d/{name}.fish",
}


_BREAK = re.compile("(?<=[\u4e00-\u9fff，。；：、）])(?=[\u4e00-\u9fffA-Za-z0-9（])")
"""Where a Chinese line may end; groff breaks at blanks only."""


def make_completions(name: str) -> dict[str, str]:
    """Return the scripts by target path; they ask the program for the words."""
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    return {
        path.format(name=name): get_completion_script(prog_name=name, complete_var=variable, shell=shell) + "\n"
        for shell, path in COMPLETIONS.items()
    }


MANUALS = {"en": "usr/share/man/man1/{name}.1.gz", "zh": "usr/share/man/zh_CN/man1/{name}.1.gz"}
"""The path of the page by language."""


def make_manual(name: str, module: str, version: str, language: str = "en") -> bytes:
    """Return the compressed page, see man-pages(7)."""
    program = typer.main.get_command(import_module(module).app)
    translate = read_texts(language)
    translate_help(program, translate)
    text = "\n".join(_write_page(name, program, version, translate)) + "\n"
    return gzip.compress(text.encode(), 9, mtime=0)


def _write_page(
    name: str,
    program: Any,  # noqa: ANN401 - typer exports no class of it
    version: str,
    translate: Translate,
) -> Iterator[str]:
    yield ".ds AD l"  # left: with few blanks, groff cannot adjust Chinese lines
    yield f'.TH {_escape(name.upper())} 1 "" "{name} {version}"'
    yield f".SH {translate('NAME')}"
    yield f"{_escape(name)} \\- {_escape((program.help or '').rstrip('.。'))}"
    yield f".SH {translate('SYNOPSIS')}"
    yield f".B {_escape(name)}\n[\\-\\-version] [\\-\\-help] COMMAND [OPTIONS]"
    yield f".SH {translate('COMMANDS')}"
    for words, command in list_commands(program, ()):
        yield f'.SS "{_escape(" ".join((*words, *name_arguments(command))))}"'
        yield _paragraph(command.help)
        for parameter in command.params:
            if parameter.name == "help":
                continue
            names = ", ".join((*parameter.opts, *parameter.secondary_opts))
            shown = (parameter.metavar or parameter.name).upper() if parameter.param_type_name == "argument" else names
            yield f".TP\n.B {_escape(shown)}"
            yield _paragraph(getattr(parameter, "help", ""))
    yield f".SH {translate('EXIT STATUS')}"
    for code, meaning in EXIT_CODES:
        yield f".TP\n.B {code}\n{translate(meaning)}"


def list_commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - as above
    """Yield each command below with the words that call it."""
    for name, below in getattr(command, "commands", {}).items():
        if getattr(below, "commands", None):
            yield from list_commands(below, (*words, name))
        else:
            yield (*words, name), below


def name_arguments(command: Any) -> list[str]:  # noqa: ANN401 - as above
    """Return the command's arguments as the manual and the reference show them."""
    return [(each.metavar or each.name).upper() for each in command.params if each.param_type_name == "argument"]


def _paragraph(text: str | None) -> str:
    return "\n.PP\n".join(
        _BREAK.sub(r"\\:", _escape(" ".join(part.split()))) for part in textwrap.dedent(text or "").split("\n\n")
    )


def _escape(text: str) -> str:
    """Escape for groff, see groff_char(7)."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped
