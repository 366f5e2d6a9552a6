"""Tests of folded lines: nothing is lost, no line is too long, and no English word is split."""

import pytest
from rich.cells import cell_len

from beacon_gateway.commands.terminal_wrap import fold

LINES = (
    "",
    "一行 short",
    f"{'':14}依据 why: 在 1.5 米以内的明确证据 1.1 秒(要求 1.0 秒,近来越界 0.0 次)",
    f"{'':24}1.1 s of clear evidence within 1.5 m (required 1.0 s; recent crossings 0.0)",
    "     8.000 s  #5  换区 zone  随身卡 tag of class volunteer-card: 附近 near → 紧挨 immediate",
    "信标" * 60,
    "x" * 300,
)


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("line", LINES)
def test_a_folded_line_is_complete_and_fits(line: str, width: int) -> None:
    parts = fold(line, width)
    assert all(cell_len(part) <= width for part in parts)
    assert "".join("".join(parts).split()) == "".join(line.split())
    if line != "x" * 300:
        words = {word for word in line.split() if word.isascii()}
        assert words <= set(" ".join(parts).split())


def test_further_lines_are_indented_to_the_text() -> None:
    first, second = fold(LINES[3] + " and more of it", 80)
    assert first.startswith(" " * 24 + "1.1 s")
    assert second.startswith(" " * 24 + second.strip())
