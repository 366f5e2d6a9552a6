"""Calculate how much silence ends a visit, from the measured gaps between frames and a rate of false ends.

Losses occur singly and in bursts, so a gap is modelled as exponential with a scale that fits its tail: the greater of
the mean and E[gap^2] / (2 E[gap]), which are equal for an exponential gap. A gap then exceeds x with
probability exp(-x / scale), so x = scale x ln(gaps an hour / false ends an hour).

Each adapter has gaps of its own. The shortest period counts of the adapters that still received the beacon at the
end: what one that stopped before had received cannot shorten the period of those that go on.
"""

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from beacon_gateway.presence.adapter_levels import MAX_ADAPTERS

FALSE_ENDS_PER_HOUR = 1e-3
"""For one present beacon: one in six weeks."""
LONGEST_FACTOR = 6.0
"""Upper bound of the silence, as a multiple of the shortest period."""
MAX_GAPS = 128
"""The latest gaps count."""
USUAL_GAPS = 3.0
"""An adapter that is silent for longer than so many of its gaps has stopped receiving (one in twenty has not)."""
_FIRST_GAPS = 8


class FrameGaps:
    """The gaps between the frames of one beacon during one visit, in seconds.

    Frames are frequent and silences rare, so only the times are stored; a silence evaluates them.
    """

    __slots__ = ("_heard",)

    def __init__(self) -> None:
        self._heard: dict[str, deque[float]] = {}

    def times(self, adapter: str) -> deque[float]:
        """Return the times of this adapter's last frames, monotonic seconds, to which the caller adds."""
        heard = self._heard.get(adapter)
        if heard is None:
            heard = deque(maxlen=MAX_GAPS + 1)
            if len(self._heard) < MAX_ADAPTERS:
                self._heard[adapter] = heard
        return heard

    def exit_s(self, shortest_s: float) -> float:
        """Return the seconds of silence that end a visit: `shortest_s` to six times that.

        It is the shortest until eight gaps are known. Gaps of 0 or less (a late frame, a clock that was set back) do
        not count.
        """
        heard = [times for times in self._heard.values() if times]
        if not heard:
            return shortest_s
        end = max(times[-1] for times in heard)
        return min(
            enough_s for last, enough_s in (_receives_until(times, shortest_s) for times in heard) if last >= end
        )


def _receives_until(times: Sequence[float], shortest_s: float) -> tuple[float, float]:
    """Return until when this adapter seems to have received the beacon, and its silence that ends a visit."""
    gaps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    if len(gaps) < _FIRST_GAPS:
        return times[-1], shortest_s
    mean_s = math.fsum(gaps) / len(gaps)
    scale_s = max(mean_s, math.fsum(gap_s * gap_s for gap_s in gaps) / len(gaps) / (2 * mean_s))
    enough_s = scale_s * math.log(max(1.0, 3600 / (mean_s * FALSE_ENDS_PER_HOUR)))
    return times[-1] + USUAL_GAPS * scale_s, min(LONGEST_FACTOR * shortest_s, max(shortest_s, enough_s))
