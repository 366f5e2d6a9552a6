import sys

if "structlog" not in sys.modules:
    # structlog imports rich wherever it is installed, to draw tracebacks in colours; ours are JSON. 5 MB.
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python is told that a module is not there
    import structlog  # noqa: F401  (while rich is not there)

    del sys.modules["rich"]
