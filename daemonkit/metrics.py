"""Serve GET /metrics to Prometheus on this machine: values that are read when it asks, never counted for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from daemonkit.health import Health


@dataclass(frozen=True, slots=True)
class Metric:
    """`samples`: a value for each value of the label, or of both labels. A counter's name ends in `_total`."""

    name: str
    help: str
    samples: Mapping[str, float] | Mapping[tuple[str, str], float]
    labels: tuple[str, ...] = ()


def single(name: str, help_: str, value: float | None) -> Metric:
    """Return a metric without labels; None: no sample, because the value is not known."""
    return Metric(name, help_, {} if value is None else {"": value})


ReadMetrics = Callable[[], Awaitable[Iterable[Metric]]]


async def no_metrics(_status: object) -> Iterable[Metric]:
    """The default of programs without metrics."""
    return ()


def stage_metrics(prefix: str, health: Health, stall_limit_s: float) -> Iterator[Metric]:
    """Return the metrics of a program's stages, and its version."""
    stages, degraded = health.snapshot(), health.degraded(stall_limit_s)
    release = version("beacon-gateway")
    yield Metric(f"{prefix}_build_info", "The running version; always 1.", {release: 1}, ("version",))
    running = {name: float(facts["state"] != "waiting") for name, facts in stages.items()}
    help_ = "1: the stage runs or is done; 0: it waits after a failure."
    yield Metric(f"{prefix}_stage_running", help_, running, ("stage",))
    troubled = {name: float(name in degraded) for name in stages}
    yield Metric(f"{prefix}_stage_degraded", "1: a background stage that does not work.", troubled, ("stage",))
    restarts = {name: float(facts["restarts"] or 0) for name, facts in stages.items()}
    yield Metric(f"{prefix}_stage_restarts_total", "Failures of the stage since the start.", restarts, ("stage",))
    progress = {
        name: float(facts["progress_s_ago"]) for name, facts in stages.items() if facts["progress_s_ago"] is not None
    }
    help_ = "Seconds since the stage last completed a round."
    yield Metric(f"{prefix}_stage_progress_age_seconds", help_, progress, ("stage",))


def metrics_page(read: ReadMetrics) -> Handler:
    """Answer programs on this machine that connect directly; 404 for others, also through a proxy."""

    async def get(request: web.Request) -> web.StreamResponse:
        if not _is_direct(request):
            raise web.HTTPNotFound
        body, content_type = await asyncio.to_thread(_render, tuple(await read()))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    return get


def _is_direct(request: web.Request) -> bool:
    if hdrs.X_FORWARDED_FOR in request.headers or hdrs.FORWARDED in request.headers:
        return False
    try:
        return ip_address((request.remote or "").partition("%")[0]).is_loopback
    except ValueError:
        return False


def _render(metrics: tuple[Metric, ...]) -> tuple[bytes, str]:
    """Return the text format. The library is imported here: who has no Prometheus does not pay 1 MB for it."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector

    class Given(Collector):
        def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
            for metric in metrics:
                kind = CounterMetricFamily if metric.name.endswith("_total") else GaugeMetricFamily
                family = kind(metric.name, metric.help, labels=metric.labels)
                for key, value in sorted(metric.samples.items()):
                    family.add_metric((key,) if isinstance(key, str) else key, value)
                yield family

    registry = CollectorRegistry()
    registry.register(Given())
    ProcessCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
