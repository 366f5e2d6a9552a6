"""The banks that this server can hand donors to. A new one is a file here and a line in BANKS."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from central_server.banks.port import Bank
from central_server.banks.sandbox import open_sandbox

BANKS: dict[str, Callable[[str, Path], AbstractAsyncContextManager[Bank]]] = {"sandbox": open_sandbox}
"""kind -> opens the bank at a web origin with a folder of credentials. Raises CredentialsRefused."""
