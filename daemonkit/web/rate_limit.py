"""Token buckets: a request rate and a burst for each peer."""

_MAX_PEERS = 4096


class Buckets:
    """`rate`: tokens per second; `burst`: how many may be taken at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, peer: str, now: float) -> float:
        """Take one token at monotonic `now`. Return 0, or the seconds until a token is available."""
        if (known := self._buckets.get(peer)) is not None:
            tokens = min(self._burst, known[0] + (now - known[1]) * self._rate)
        else:
            tokens = self._burst
            if len(self._buckets) >= _MAX_PEERS:
                self._forget_full(now)
        if tokens < 1.0:
            self._buckets[peer] = (tokens, now)
            return (1.0 - tokens) / self._rate
        self._buckets[peer] = (tokens - 1.0, now)
        return 0.0

    def _forget_full(self, now: float) -> None:
        """Drop buckets that are full again; if none is, drop all, to bound the memory."""
        full_after = self._burst / self._rate
        self._buckets = {peer: entry for peer, entry in self._buckets.items() if now - entry[1] < full_after}
        if len(self._buckets) >= _MAX_PEERS:
            self._buckets.clear()
