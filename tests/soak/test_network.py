"""Each network fault for SOAK_FAULT_S seconds (default 45): the rate of requests and the time of recovery.

Asked: at most one request a second in the mean while it fails, the first success at most 60 s after the fault has
ended, less than 50 MB more memory, and each gift once.
"""

import os
from pathlib import Path

from beacon_gateway.stages import StageTimings
from tests.fakes.bad_network import FAULTS
from tests.flow.network_faults import ASKED_S, MIB, badly_connected

FAULT_S = float(os.environ.get("SOAK_FAULT_S", "45"))


async def test_a_faulty_network_is_polled_at_a_limited_rate_until_recovery(tmp_path: Path) -> None:
    async with badly_connected(tmp_path, StageTimings()) as way:
        print("\n| fault | requests a second | back after | memory |\n| --- | ---: | ---: | ---: |")
        for fault in FAULTS:
            endured = await way.endure(fault, FAULT_S)
            each_s, grown = endured.requests / endured.lasted_s, endured.grown / MIB
            print(f"| {fault} | {each_s:.2f} | {endured.healed_s:.1f} s | +{grown:.1f} MiB |", flush=True)
            assert fault == "latency" or each_s <= 1, fault  # slow is not failing
            assert endured.healed_s <= ASKED_S, fault
            assert endured.grown < 50 * MIB, fault
        assert way.arrived() == way.given
