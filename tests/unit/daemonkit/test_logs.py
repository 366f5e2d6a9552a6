"""Log events are single lines without secrets, and repeats are limited."""

import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from daemonkit import logs
from daemonkit.log_repeats import Repeats


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_event_is_one_json_object_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    structlog.get_logger().warning("stage.restarting", stage="sync", wait=1.5, forged="a\nb\x1b[31m\u2028\u202ec")
    (line,) = lines(capsys)
    assert line.pop("timestamp")
    assert line == {
        "event": "stage.restarting",
        "level": "warning",
        "stage": "sync",
        "wait": 1.5,
        "forged": "a\\nb\\x1b[31m\\u2028\\u202ec",
    }


def test_secrets_are_hidden_by_their_key_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    canary = "Zx7-canary"
    structlog.get_logger().info(
        "login.failed",
        password=canary,
        csrf_token=canary,
        headers={"Cookie": canary, "Authorization": canary, "accept": ["seen"]},
        Signature=canary,
    )
    out = capsys.readouterr().out
    assert canary not in out
    assert "seen" in out


def test_long_values_are_truncated(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    structlog.get_logger().info("long.value", value="x" * 10_000, many=list(range(10_000)))
    assert len(capsys.readouterr().out) < 800


def test_a_traceback_is_one_complete_field(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    try:
        raise ValueError("odd\x1bvalue")
    except ValueError:
        structlog.get_logger().exception("request.failed")
    (line,) = lines(capsys)
    assert "Traceback" in str(line["exception"])
    assert str(line["exception"]).endswith("ValueError: odd\\x1bvalue")


def test_standard_logging_and_warnings_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    logging.getLogger("aiohttp.server").error("Error handling\nrequest from %s", "127.0.0.1", extra={"token": "Zx7"})
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second = lines(capsys)
    assert first["event"] == "Error handling\\nrequest from 127.0.0.1"
    assert first["logger"] == "aiohttp.server"
    assert first["token"] == "***"
    assert "old" in str(second["event"])


def test_terminal_lines_have_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=False)
    structlog.get_logger().info("kiosk.ready", url="http://a\x1b[2J")
    out = capsys.readouterr().out
    assert "kiosk.ready" in out
    assert "\x1b[2J" not in out


def test_repeats_are_suppressed_and_counted() -> None:
    now = 0.0
    repeats = Repeats(lambda: now)

    def passes(event: str) -> int | None:
        try:
            return repeats(None, "warning", {"event": event}).get("left_out", 0)  # type: ignore[no-any-return]  # a processor gives any mapping
        except structlog.DropEvent:
            return None

    assert [passes("a") for _ in range(25)] == [0] * 20 + [None] * 5
    assert passes("b") == 0
    now = 10.0
    assert passes("a") == 5
    assert passes("a") == 0


def test_repeats_of_standard_logging_are_suppressed_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    for number in range(50):
        logging.getLogger("noise").warning("again %d", number)
    assert len(lines(capsys)) == 20
