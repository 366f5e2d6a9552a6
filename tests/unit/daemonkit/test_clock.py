"""The kernel's boot id and clock state."""

import re

from daemonkit.clock import boot_id, clock_synchronised


def test_the_boot_id_is_32_constant_digits() -> None:
    assert re.fullmatch("[0-9a-f]{32}", boot_id())
    assert boot_id() == boot_id()


def test_the_kernel_answers_whether_its_clock_is_synchronised() -> None:
    assert isinstance(clock_synchronised(), bool)
