"""Build the auditor's zip for one project: CSV files, and sums over them that anyone can recompute.

It contains no donor data: nothing given for receipts, no return addresses, and of the banks' messages only what may be
stored.
"""

import hashlib
import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from central_server.books.sum_checks import run_checks
from central_server.sheets.sheet_writer import Cell, csv_file
from central_server.store.engine.connection import Connection
from central_server.store.ledger import project_rows
from central_server.store.places.places import communities
from sync_contract.permit import OFFICIAL_TIME

README = """Books of the project {project}
Created {at} (Beijing time) by {by}. Environment: {environment}. Communities: {communities}.

Every file is CSV in UTF-8 with a byte order mark (Excel opens it). Columns ending in _minor are whole fen (1/100 yuan).
Times are UTC, as 2026-11-24T04:00:00.000000Z; days are of Beijing.

intents.csv         gifts that were registered
attempts.csv        bank orders; evidence is the bank's number of the payment
state_changes.csv   every change of a gift or an order: before, after, time, cause, evidence
notifications.csv   notifications of banks, as far as they may be stored: no card, no account
ledger.csv          the ledger: n numbers the lines of a community's purse without gaps; secret opens the line's proof
purses.csv          number of lines, balance, and what the organisation owes, of each community's purse
project_terms.csv   title, payee and permit of the project when a line was posted; ledger.csv names them by digest
refunds.csv         requester, decider, result at the bank
statement_rows.csv  rows of the bank's files for these orders
differences.csv     disagreements of the bank's files and these books, and how each was settled
disbursements.csv   spending, corrections and moves; requester, decider; voucher names a file in vouchers/
vouchers/           the vouchers, each named by its SHA-256
heads.csv           published heads of the ledger's tree, each signed; cosignatures.csv: the gateways' signatures
receipts.csv        whether the official receipt was requested or issued; no donor data
sums.csv            sums and counts over these files. Each line names two equal values; "holds" was computed when this
                    file was created, and can be recomputed.
manifest.csv        rows and SHA-256 of every file here
"""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """`tops`: at and below these places. `by`: the account that asks."""

    project: str
    environment: str
    tops: Collection[str]
    by: str
    at: datetime


async def collect_tables(
    connection: Connection, request: AuditRequest
) -> tuple[Mapping[str, list[dict[str, Any]]], dict[str, bytes], tuple[str, ...]]:
    """Return the rows by file, the vouchers by name, and the names of the communities."""
    visible = await communities(connection, request.tops)
    tables = await project_rows.every(connection, request.project, request.environment, visible)
    vouchers = await project_rows.vouchers(connection, tables["disbursements"])
    community_names = tuple(sorted({str(row["community"]) for row in tables["intents"] + tables["ledger"]}))
    return tables, vouchers, community_names


def build_zip(
    request: AuditRequest,
    tables: Mapping[str, list[dict[str, Any]]],
    vouchers: Mapping[str, bytes],
    community_names: Sequence[str],
) -> bytes:
    """Build the file; a large project takes seconds, so call it in a thread."""
    files: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    for name, rows in tables.items():
        files[f"{name}.csv"] = _csv(rows, project_rows.COLUMNS[name])
        counts[f"{name}.csv"] = len(rows)
    sums = [[each.what, each.left, each.right, "yes" if each.holds else "NO"] for each in run_checks(tables)]
    files["sums.csv"] = csv_file([["what", "left", "right", "holds"], *sums])
    counts["sums.csv"] = len(sums)
    for name, content in vouchers.items():
        files[f"vouchers/{name}"] = content
    manifest: list[list[Cell]] = [["file", "rows", "bytes", "sha256"]]
    for name, content in sorted(files.items()):
        manifest.append([name, counts.get(name), len(content), hashlib.sha256(content).hexdigest()])
    files["manifest.csv"] = csv_file(manifest)
    files["README.txt"] = README.format(
        project=request.project,
        at=f"{request.at.astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}",
        by=request.by,
        environment=request.environment,
        communities=", ".join(community_names) or "-",
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
