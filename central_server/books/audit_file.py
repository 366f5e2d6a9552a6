"""Everything about one project for its auditor: a zip of CSV files, and sums in it that prove themselves.

No donor is in it: nothing of what was given for receipts, no return addresses, and of what a bank sent only what may be
kept at all.
"""

import hashlib
import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from central_server.books.sum_checks import checks
from central_server.sheets.sheet_writer import Cell, csv_file
from central_server.store.engine.connection import Connection
from central_server.store.ledger import project_rows
from central_server.store.places.places import communities
from sync_contract.permit import OFFICIAL_TIME

README = """Books of the project {project}
Made {at} (Beijing time) by {by}. Environment: {environment}. Communities: {communities}.

Every file is CSV in UTF-8 with a mark at its begin (Excel opens it). What ends in _minor is whole fen (1/100 yuan).
Times are UTC, as 2026-11-24T04:00:00.000000Z; days are of Beijing.

intents.csv         gifts that were registered
attempts.csv        one order at a bank each; evidence is the bank's number of the payment
state_changes.csv   every change of a gift or an order: before, after, when, by what cause, proved by what
notifications.csv   what banks told us, as far as it may be kept: no card, no account
ledger.csv          the ledger: n counts the lines of a community's purse without gaps; secret opens the line's proof
refunds.csv         who asked, who decided, what the bank made of it
statement_rows.csv  rows of the bank's files that are of these orders
differences.csv     where the bank's files and these books did not agree, and how each was settled
disbursements.csv   what was spent, mended or moved; who asked, who decided; voucher names a file in vouchers/
vouchers/           the vouchers themselves, each called by its SHA-256
heads.csv           published heads of the ledger's tree, each signed; cosignatures.csv: by which gateways
receipts.csv        whether the official receipt was wanted or issued; no donor's data
sums.csv            sums and counts over these files. Each line says what must be equal to what; "holds" was worked out
                    when this file was made, and everybody can work it out again.
manifest.csv        rows and SHA-256 of every file here
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`tops`: at and below these places; `by`: who asks."""

    project: str
    environment: str
    tops: Collection[str]
    by: str
    at: datetime


async def gathered(
    connection: Connection, wanted: Wanted
) -> tuple[Mapping[str, list[dict[str, Any]]], dict[str, bytes], str]:
    """By file its rows; the vouchers by name; and the names of the communities."""
    inside = await communities(connection, wanted.tops)
    tables = await project_rows.every(connection, wanted.project, wanted.environment, inside)
    vouchers = await project_rows.vouchers(connection, tables["disbursements"])
    named = ", ".join(sorted({str(row["community"]) for row in tables["intents"] + tables["ledger"]})) or "-"
    return tables, vouchers, named


def zipped(
    wanted: Wanted, tables: Mapping[str, list[dict[str, Any]]], vouchers: Mapping[str, bytes], named: str
) -> bytes:
    """Blocks for as long as it takes."""
    files: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    for name, rows in tables.items():
        files[f"{name}.csv"] = _csv(rows, project_rows.COLUMNS[name])
        counts[f"{name}.csv"] = len(rows)
    told = [[each.what, each.left, each.right, "yes" if each.holds else "NO"] for each in checks(tables)]
    files["sums.csv"] = csv_file([["what", "left", "right", "holds"], *told])
    counts["sums.csv"] = len(told)
    for name, content in vouchers.items():
        files[f"vouchers/{name}"] = content
    manifest: list[list[Cell]] = [["file", "rows", "octets", "sha256"]]
    for name, content in sorted(files.items()):
        manifest.append([name, counts.get(name), len(content), hashlib.sha256(content).hexdigest()])
    files["manifest.csv"] = csv_file(manifest)
    files["README.txt"] = README.format(
        project=wanted.project,
        at=f"{wanted.at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}",
        by=wanted.by,
        environment=wanted.environment,
        communities=named,
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("README.txt", *sorted(files.keys() - {"README.txt"})):
            archive.writestr(name, files[name])
    return out.getvalue()


def _csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    return csv_file([list(columns), *([_cell(row[name]) for name in columns] for row in rows)])


def _cell(value: object) -> Cell:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        case date():
            return value.isoformat()
        case int() | float():
            return value
        case bytes():
            return value.hex()
    return str(value)
