"""Help of both programs in Chinese and English: complete, plain, with the exit codes."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import typer
from babel.messages.pofile import read_po

import daemonkit
from daemonkit.command_line import EXIT_CODES, find_language, walk_commands
from tests.fakes.forked_programs import run_program

PROGRAMS = ("beacon_gateway", "central_server")
CATALOGUE = Path(daemonkit.__file__).parent / "locale/zh/LC_MESSAGES/messages.po"
BUILT_IN = {
    *("Show this message and exit.", "Usage: ", "Options", "Commands", "Arguments"),
    *("Exit codes:", "[default: ", "[required]"),
    *("NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS"),
    *(meaning for _, meaning in EXIT_CODES),
}  # fmt: skip


def texts_of(program: str) -> set[str]:
    """Return the first paragraph of each help text, as its catalogue has it."""
    command: Any = typer.main.get_command(importlib.import_module(f"{program}.cli").app)
    found = (
        text for each in walk_commands(command) for text in (each.help, *(getattr(p, "help", "") for p in each.params))
    )
    return {" ".join(text.partition("\n\n")[0].split()) for text in found if text}


def test_every_help_text_is_translated_and_no_translation_is_unused() -> None:
    with CATALOGUE.open("rb") as file:
        translated = {str(each.id): str(each.string) for each in read_po(file) if each.id}
    used = set().union(*map(texts_of, PROGRAMS)) | BUILT_IN
    assert used - translated.keys() == set()
    assert translated.keys() - used == set()
    assert [text for text in translated.values() if not text.strip()] == []


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--help"], "zh_CN.UTF-8", "zh"),
        (["--help"], "C.UTF-8", "en"),
        (["scan", "--help", "--lang", "zh"], "en_US.UTF-8", "zh"),
        (["--lang=en", "--help"], "zh_CN.UTF-8", "en"),
        (["--lang"], "", "en"),
    ],
)
def test_the_language_is_that_of_the_option_or_of_the_environment(
    arguments: list[str], environment: str, language: str
) -> None:
    assert find_language(arguments, environment) == language


def test_help_is_plain_text_in_both_languages_with_the_exit_codes() -> None:
    for program in PROGRAMS:
        chinese = run_program(program, "--lang", "zh", "--help").stdout
        english = run_program(program, "--lang", "en", "--help").stdout
        assert "用法：" in chinese
        assert "Usage:" in english
        for code, meaning in EXIT_CODES:
            assert f"  {code:<4}{meaning}" in english
            assert f"\n    {code:<4}" in chinese
        assert "..." not in english.partition("Commands:")[2], "descriptions are complete"
        assert "\x1b" not in chinese + english, "no colours, with or without NO_COLOR"
    assert "显示本帮助" in run_program("beacon_gateway", "--lang", "zh", "config", "set", "--help").stdout
    assert run_program("beacon_gateway", "--lang", "fr", "identity").returncode == 2
