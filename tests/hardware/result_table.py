"""Read and write the results in docs/hardware.toml, and the table in the README. What was not tested is blank."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

COLUMNS = {
    "board": "Board",
    "system": "System",
    "adapter": "Adapter",
    "tag": "Tag",
    "tested": "Tested",
    "rssi_1m": "RSSI at 1 m",
    "rssi_5m": "RSSI at 5 m",
    "interval": "Adverts heard every",
    "loss_1m": "Loss at 1 m",
    "loss_5m": "Loss at 5 m",
    "delivery": "Every advert",
    "advert_adapter": "Advert: second adapter",
    "advert_phone": "Advert: phone, broadcast",
    "exact_phone": "Advert: phone, exact",
    "reset": "Back after a reset",
    "power": "Back after power off/on",
    "note": "Note",
}
"""Key in the file to heading of the table."""
Row = Mapping[str, str]
BEGIN, END = "<!-- hardware -->", "<!-- /hardware -->"
NO_ROWS = "Nobody has measured yet: with a Pi, a tag and a phone, `./dev hw` asks, measures, and fills a table here.\n"
_HEAD = """\
# Results of ./dev hw, one [[row]] a board, adapter and tag, as people measured them. It makes the README's table.
# A key that is left out was not tested.
"""


def read_rows(file: Path) -> list[Row]:
    """Return the rows. Raise ValueError for an unknown key or a value that is no text."""
    if not file.exists():
        return []
    rows = tomllib.loads(file.read_text("utf-8")).get("row", [])
    for row in rows:
        if unknown := row.keys() - COLUMNS.keys():
            raise ValueError(f"{file}: no such column: {', '.join(sorted(unknown))}")
        if not all(isinstance(value, str) for value in row.values()):
            raise ValueError(f"{file}: every value is a text")
    return list(rows)


def format_rows(rows: Iterable[Row]) -> str:
    """Return the content of the file."""
    tables = [_HEAD]
    for row in rows:
        lines = [f"{key} = {_quoted(row[key])}\n" for key in COLUMNS if row.get(key)]
        tables.append("\n[[row]]\n" + "".join(lines))
    return "".join(tables)


def table(rows: Iterable[Row]) -> str:
    """Return a Markdown table without empty columns, except the first five."""
    known = list(rows)
    shown = [key for place, key in enumerate(COLUMNS) if place < 5 or any(row.get(key) for row in known)]
    lines = [[COLUMNS[key] for key in shown], ["---"] * len(shown)]
    lines += [[_cell(row.get(key, "")) for key in shown] for row in known]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def replace_table(readme: str, rows: Iterable[Row]) -> str:
    """Return the README with the table between its two marks. Raise ValueError without the marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README has no place for the table: {BEGIN} and {END}")
    known = list(rows)
    return f"{before}{BEGIN}\n{table(known) if known else NO_ROWS}{END}{after}"


def _quoted(text: str) -> str:
    escaped = "".join(_ESCAPES.get(sign, sign) for sign in text if sign >= " " and sign != "\x7f")
    return f'"{escaped}"'


def _cell(text: str) -> str:
    return text.replace("|", "/")


_ESCAPES = {'"': '\\"', "\\": "\\\\"}
