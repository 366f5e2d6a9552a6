"""List every operation under /api/. A test compares them with the router."""

from central_server.api.gateway_operations import GATEWAY_OPERATIONS
from central_server.api.ledger_operations import LEDGER_OPERATIONS
from central_server.api.operation import Operation
from central_server.api.phone_operations import PHONE_OPERATIONS
from central_server.api.program_operations import PROGRAM_OPERATIONS

OPERATIONS: tuple[Operation, ...] = (*PHONE_OPERATIONS, *PROGRAM_OPERATIONS, *GATEWAY_OPERATIONS, *LEDGER_OPERATIONS)
