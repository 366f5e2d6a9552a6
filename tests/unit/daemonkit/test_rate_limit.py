"""So many requests a second, and a burst."""

from daemonkit.web.rate_limit import Buckets


def test_a_burst_passes_and_then_the_rate() -> None:
    buckets = Buckets(rate=2.0, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) > 0
    assert [buckets.take("a", 1000.0) for _ in range(4)].count(0) == 3


def test_strangers_without_end_take_no_memory_without_end() -> None:
    buckets = Buckets(rate=1.0, burst=10)
    for number in range(20_000):
        buckets.take(str(number), number / 1000)
    assert len(buckets._buckets) <= 4096
