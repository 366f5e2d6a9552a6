"""Import structlog without rich, which costs a daemon 4 MB and 66 modules."""

import sys


def import_structlog() -> None:
    """structlog imports rich, where installed, to colour tracebacks; our log lines have plain ones. Call this first."""
    if "rich" in sys.modules or "structlog" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's mark of a module that cannot be imported
    try:
        import structlog  # noqa: F401  (while rich cannot be imported)
    finally:
        del sys.modules["rich"]
