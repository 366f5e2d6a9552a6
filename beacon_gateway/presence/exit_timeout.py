"""Calculate how much silence ends a visit, from the measured gaps between frames and a rate of false ends.

Losses occur singly and in bursts, so a gap is modelled as exponential with a scale that fits its tail: the greater of
the mean and E[gap^2] / (2 E[gap]), which are equal for an exponential gap. A gap then exceeds x with
probability exp(-x / scale), so x = scale x ln(gaps an hour / false ends an hour).
"""

import math
from collections import deque
from itertools import pairwise

FALSE_ENDS_PER_HOUR = 1e-3
"""For one present beacon: one in six weeks."""
LONGEST_FACTOR = 6.0
"""Upper bound of the silence, as a multiple of the shortest period."""
MAX_GAPS = 128
"""The latest gaps count."""
_FIRST_GAPS = 8


class FrameGaps:
    """The gaps between the frames of one beacon during one visit, in seconds.

    Frames are frequent and silences rare, so only the times are stored; a silence evaluates them.
    """

    __slots__ = ("heard",)

    def __init__(self) -> None:
        self.heard: deque[float] = deque(maxlen=MAX_GAPS + 1)
        """Times of the frames, monotonic seconds."""

    def exit_s(self, shortest_s: float) -> float:
        """Return the seconds of silence that end a visit: `shortest_s` to six times that.

        It is the shortest until eight gaps are known. Gaps of 0 or less (the same advert through another adapter, a
        late frame, a clock that was set back) do not count.
        """
        gaps = [later - earlier for earlier, later in pairwise(self.heard) if later > earlier]
        if len(gaps) < _FIRST_GAPS:
            return shortest_s
        mean_s = math.fsum(gaps) / len(gaps)
        scale_s = max(mean_s, math.fsum(gap_s * gap_s for gap_s in gaps) / len(gaps) / (2 * mean_s))
        enough_s = scale_s * math.log(max(1.0, 3600 / (mean_s * FALSE_ENDS_PER_HOUR)))
        return min(LONGEST_FACTOR * shortest_s, max(shortest_s, enough_s))
