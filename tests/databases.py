"""Marks that say on which of the central server's databases a test runs, where the usual choice is not enough."""

import pytest

DATABASES = ["sqlite", "postgresql"]
both_databases = pytest.mark.parametrize("store_url", DATABASES, indirect=True)
"""For a test of concurrent writers or of processes beside each other: locking differs."""
sqlite_only = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
