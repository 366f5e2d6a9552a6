"""Compare a gateway's newest report with its acceptance sheet."""

from enum import StrEnum

from central_server.store.enrolment.acceptance_sheets import StoredSheet
from central_server.store.enrolment.gateway_reports import Report
from sync_contract.gateway_report import HALL_CHANGED


class Drift(StrEnum):
    """What differs from the sheet."""

    settings = "settings"
    software = "software"
    hall = "hall"
    """Beacons on the walls are received differently."""


def find_drift(sheet: StoredSheet | None, report: Report | None) -> tuple[Drift, ...]:
    """Return what differs; nothing without a sheet or a report. A gateway that reports no settings is not compared."""
    if sheet is None or report is None:
        return ()
    found = (
        (Drift.settings, bool(report.configuration) and report.configuration != sheet.configuration),
        (Drift.software, report.version != sheet.version),
        (Drift.hall, report.radio == HALL_CHANGED),
    )
    return tuple(drift for drift, differs in found if differs)
