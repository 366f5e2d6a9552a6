"""A manually uploaded bank file must be a .zip."""

from datetime import date

import pytest

from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.reconciliation.manual_upload import read_uploaded
from central_server.settings_bank import BankSettings


@pytest.mark.parametrize("name", ["20261123.ZIP", "20261123.zip", "20261123", "20261123.zip.exe", "20261123.xlsx"])
def test_the_name_of_a_banks_file_must_end_in_zip(name: str) -> None:
    settings = BankSettings.model_validate({"kind": "unionpay", "merchant": "777290058110097"})
    with pytest.raises(StatementRefused) as refused:
        read_uploaded(settings, name, b"PK no", date(2026, 11, 23))
    assert (refused.value.problem is StatementProblem.not_a_zip) == (not name.lower().endswith(".zip"))
