"""Logs: one JSON object a line for journald, readable lines for people; nothing secret, nothing that forges a line."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from daemonkit.log_repeats import Repeats

_LONGEST = 200
_LONGEST_TRACE = 8000
_DEEPEST = 4
_ROW = re.compile(r"^DETAIL: .*?(?=^\[SQL: |^The above exception|^Traceback|\Z)", re.MULTILINE | re.DOTALL)
"""Where PostgreSQL tells the row that it would not take."""
_SECRET = re.compile(r"token|secret|password|signature|csrf|cookie|authorization|private", re.IGNORECASE)
_Event = MutableMapping[str, Any]


def configure(*, json: bool | None = None) -> None:
    """Route structlog and the standard library's logging to standard output. `json` None: unless it is a terminal."""
    as_json = not sys.stdout.isatty() if json is None else json
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        Repeats(),
        cleaned,
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


def cleaned(_logger: object, _method: str, event: _Event) -> _Event:
    """Secrets hidden by their key, values cut, control characters escaped."""
    return {key: _clean(key, value, _DEEPEST) for key, value in event.items()}


def _clean(key: str, value: object, depth: int) -> object:
    if _SECRET.search(key):
        return "***"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if key == "exception":
        told = _ROW.sub("DETAIL: …\n", str(value))[-_LONGEST_TRACE:]
        return "\n".join(_plain(line) for line in told.splitlines())
    if depth and isinstance(value, dict):
        return {_plain(str(name)): _clean(str(name), item, depth - 1) for name, item in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(key, item, depth - 1) for item in list(value)[:50]]
    text = str(value)
    return _plain(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
