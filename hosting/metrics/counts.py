"""What has happened in this process since it began: requests, refusals, readings."""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from appliance.common.version import installed_version

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAG_SECONDS: Final = (10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 86400.0, 7 * 86400.0, 30 * 86400.0)


class Counts:
    """Counts with a registry of their own; may be used by several threads."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("dca_hosting_requests", "Requests that were answered.", ["route", "status"], registry=registry)
        self._seconds = Histogram(
            "dca_hosting_request_duration_seconds",
            "From the head of a request to the end of its answer.",
            ["route"],
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        self._refusals = Counter("dca_hosting_refusals", "Requests that were refused.", ["code"], registry=registry)
        self._readings = Counter("dca_hosting_readings", "Readings that were acknowledged.", ["outcome"], registry=registry)
        self._lag = Histogram(
            "dca_hosting_intake_lag_seconds",
            "From the moment the newest reading of a batch was taken until it was stored; batches with something new.",
            buckets=LAG_SECONDS,
            registry=registry,
        )
        Gauge("dca_hosting_build_info", "The version that runs.", ["version"], registry=registry).labels(installed_version()).set(1)
        ProcessCollector(registry=registry)
        for outcome in ("stored", "duplicate"):  # there from the start, as 0
            self._readings.labels(outcome)

    def answered(self, route: str, status: int, seconds: float, refusal: str | None) -> None:
        """Count a request that took so many seconds, and with which code of an error it was refused, if it was."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if refusal is not None:
            self._refusals.labels(refusal).inc()

    def took_in(self, stored: int, duplicate: int, lag: float) -> None:
        """Count the readings of a batch that was acknowledged; `lag` is how old its newest one is, in seconds."""
        self._readings.labels("stored").inc(stored)
        self._readings.labels("duplicate").inc(duplicate)
        if stored:
            self._lag.observe(max(0.0, lag))

    def exposition(self, standing: Iterable[Metric]) -> bytes:
        """Return all counts, with `standing` behind them, as Prometheus reads them."""
        return generate_latest(_Collected([*self._registry.collect(), *standing]))


class _Collected:
    """Metrics that were collected already, without the moments at which each was made: nobody asks for them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for metric in self._metrics:
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
