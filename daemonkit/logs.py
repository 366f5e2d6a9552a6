"""Configure logs: JSON lines, or readable lines on a terminal; hide secrets and escape control characters."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from daemonkit.log_repeats import Repeats

_MAX_VALUE = 200
_MAX_TRACE = 8000
_MAX_DEPTH = 4
_ROW = re.compile(r"^DETAIL: .*?(?=^\[SQL: |^The above exception|^Traceback|\Z)", re.MULTILINE | re.DOTALL)
"""The part of a PostgreSQL error that contains the refused row."""
_SECRET = re.compile(r"token|secret|password|signature|csrf|cookie|authorization|private", re.IGNORECASE)
_Event = MutableMapping[str, Any]


def configure(*, json: bool | None = None) -> None:
    """Send structlog and standard logging to standard output. `json`: None means unless it is a terminal."""
    as_json = not sys.stdout.isatty() if json is None else json
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        Repeats(),
        clean_event,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*first, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_logger_name,
                *(step for step in first if not isinstance(step, Repeats)),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(Repeats().allows)
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def clean_event(_logger: object, _method: str, event: _Event) -> _Event:
    """Hide secrets by their key, truncate values, escape control characters."""
    return {key: _clean(key, value, _MAX_DEPTH) for key, value in event.items()}


def _clean(key: str, value: object, depth: int) -> object:
    if _SECRET.search(key):
        return "***"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if key == "exception":
        trace = _ROW.sub("DETAIL: …\n", str(value))[-_MAX_TRACE:]
        return "\n".join(_escape(line) for line in trace.splitlines())
    if depth and isinstance(value, dict):
        return {_escape(str(name)): _clean(str(name), item, depth - 1) for name, item in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(key, item, depth - 1) for item in list(value)[:50]]
    text = str(value)
    return _escape(text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…")


def _escape(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
