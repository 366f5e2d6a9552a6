"""What the command lines of all programs share: options, exit codes, and help in Chinese and English."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

LANGUAGES = ("zh", "en")
EXIT_CODES = (
    ("0", "Done."),
    ("1", "Not done, or something was found that needs a person."),
    ("2", "Wrong use of the command line."),
    ("75", "Not possible now; try again later."),
    ("78", "The settings or the state folder are refused."),
)
"""Of every command; scripts may rely on them."""
_EPILOG_TITLE = "Exit codes:"
_ROW_MARKS = ("[default: ", "[required]")
_LOCALE = Path(__file__).parent / "locale"
Translate = Callable[[str], str]


def make_app(help_text: str) -> typer.Typer:
    """Return a command line without colours and boxes: its help is fast, and plain text for any terminal."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def print_version(wanted: bool) -> None:
    """Print the version and end the program, if `wanted`."""
    if wanted:
        from importlib.metadata import version

        print(version("beacon-gateway"))
        raise typer.Exit


def check_language(language: str) -> str:
    """Return the language. Raises typer.BadParameter for one without texts."""
    if language not in ("", *LANGUAGES):
        raise typer.BadParameter("只有 zh 和 en only zh and en are available")
    return language


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=print_version, help="Print the version.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HelpLanguage = Annotated[
    str,
    typer.Option(
        "--lang", callback=check_language, help="Language of the help: zh or en; the default is that of LANG."
    ),
]


def run_program(app: typer.Typer, name: str) -> None:
    """Run the command line `app`; answer a shell that completes a word (see debian/manual.py)."""
    if f"_{name.replace('-', '_').upper()}_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
        app(prog_name=name)
        return
    command = typer.main.get_command(app)
    translate = read_texts(find_language(sys.argv[1:], os.environ.get("LC_ALL") or os.environ.get("LANG", "")))
    command.epilog = _write_epilog(translate)
    for each in walk_commands(command):
        each.short_help = each.help  # complete, also in the list of commands
    if translate is not str:
        translate_help(command, translate)
    command()


def find_language(arguments: Sequence[str], environment: str) -> str:
    """Return zh or en: that of `--lang` wherever it stands, because help is printed before options are read."""
    for number, word in enumerate(arguments):
        value = (
            arguments[number + 1] if word == "--lang" and number + 1 < len(arguments) else word.partition("--lang=")[2]
        )
        if value in LANGUAGES:
            return value
    return "zh" if environment.startswith("zh") else "en"


def translate_help(command: Any, translate: Translate) -> None:  # noqa: ANN401 - typer exports no class of it
    """Replace the help texts of a command and of all below."""
    for each in walk_commands(command):
        each.help = _translate_first(each.help, translate)
        each.short_help = each.help
        each.context_class = _chinese_context(each.context_class, translate)
        for parameter in each.params:
            if getattr(parameter, "help", None):
                parameter.help = _translate_first(parameter.help, translate)


def walk_commands(command: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield a command and all below."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from walk_commands(below)


def _translate_first(text: str | None, translate: Translate) -> str:
    """Translate the first paragraph; a list of words after it stays."""
    first, gap, rest = (text or "").partition("\n\n")
    return translate(" ".join(first.split())) + gap + rest if first else ""


def _translate_row(text: str, translate: Translate) -> str:
    for mark in _ROW_MARKS:
        text = text.replace(mark, translate(mark))
    return translate(text)


def _chinese_context(base: type[Any], translate: Translate) -> type[Any]:
    formatter: Any = base.formatter_class

    class Formatter(formatter):  # type: ignore[misc]  # typer exports no class of it
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, prefix or translate("Usage: "))

        def section(self, name: str) -> Any:  # noqa: ANN401 - as above
            return super().section(translate(name))

        def write_dl(self, rows: Sequence[tuple[str, str]], *more: int, **named: int) -> None:
            super().write_dl([(first, _translate_row(second, translate)) for first, second in rows], *more, **named)

    class Context(base):  # type: ignore[misc]  # as above
        formatter_class = Formatter

    return Context


def _write_epilog(translate: Translate) -> str:
    lines = (f"  {code:<4}{translate(meaning)}" for code, meaning in EXIT_CODES)
    return "\n".join(("\b", translate(_EPILOG_TITLE), *lines))


def read_texts(language: str) -> Translate:
    """Return what translates a help text from English. Raises FileNotFoundError for a language without a catalogue."""
    if language == "en":
        return str
    from daemonkit.i18n import Catalogues

    return Catalogues(_LOCALE).gettext(language).gettext
