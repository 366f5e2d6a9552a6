"""The newest accepted calibration walk and the newest acceptance sheet, as files of the state folder."""

from pathlib import Path
from typing import TypeVar

from beacon_gateway.donations.ports import StoreUnavailable
from daemonkit.files import write_atomically
from sync_contract.acceptance_sheet import SheetWalk
from sync_contract.records import SignedAcceptanceSheet
from sync_contract.wire_record import InvalidRecord, WireRecord, decode, encode

WALK, SHEET = "calibration.json", "acceptance.json"
_Record = TypeVar("_Record", bound=WireRecord)


def store_walk(state_dir: Path, walk: SheetWalk) -> None:
    """Raises OSError."""
    write_atomically(state_dir / WALK, encode(walk), mode=0o600)


def load_walk(state_dir: Path) -> SheetWalk | None:
    """Return None if there is none or it cannot be read."""
    return _load(state_dir / WALK, SheetWalk)


def store_sheet(state_dir: Path, sheet: SignedAcceptanceSheet) -> None:
    """Raises StoreUnavailable."""
    try:
        write_atomically(state_dir / SHEET, encode(sheet), mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"{state_dir / SHEET}: {error.strerror}") from error


def load_sheet(state_dir: Path) -> SignedAcceptanceSheet | None:
    """Return None if there is none or it cannot be read. Its signature is not checked."""
    return _load(state_dir / SHEET, SignedAcceptanceSheet)


def _load(path: Path, kind: type[_Record]) -> _Record | None:
    try:
        return decode(kind, path.read_bytes())
    except (OSError, InvalidRecord):
        return None
