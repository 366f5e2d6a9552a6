"""A fleet of fifty gateways with a hostile one; tests/flow/test_hostile_gateway.py has a small fleet."""

from pathlib import Path

from tests.flow.test_hostile_gateway import one_hostile_among


async def test_one_hostile_gateway_affects_none_of_the_other_forty_nine(store_url: str, tmp_path: Path) -> None:
    await one_hostile_among(50, store_url, tmp_path, report_step=1)
