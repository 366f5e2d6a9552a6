"""Whatever the network does, a gift arrives once and unaltered when it is good again.

`./dev soak tests/soak/test_network.py` lets each fault last longer and holds the figures against their limits.
"""

from pathlib import Path

from tests.fakes.bad_network import FAULTS
from tests.flow.network_faults import MIB, badly_connected


async def test_each_fault_of_the_network_only_delays(tmp_path: Path) -> None:
    async with badly_connected(tmp_path) as way:
        for fault in FAULTS:
            endured = await way.endure(fault, for_s=0.5)
            print(endured)
            assert endured.grown < 50 * MIB, fault
        assert way.arrived() == way.given
    logs = tmp_path / "logs"
    assert "Traceback" not in (logs / "gateway.log").read_text() + (logs / "central.log").read_text()
