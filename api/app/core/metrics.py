"""Figures for Prometheus.

With several worker processes each counts for itself into files below `PROMETHEUS_MULTIPROC_DIR`,
and any of them answers for all. The client library reads that variable when a figure is defined.
"""

import asyncio
import os
from pathlib import Path

_multiprocess_directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _multiprocess_directory:
    Path(_multiprocess_directory).mkdir(parents=True, exist_ok=True)

from prometheus_client import (  # noqa: E402 (the directory has to be there first)
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

# A second series for each figure, which says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]

REQUESTS = Counter(
    "http_requests_total", "Answered requests.", labelnames=("method", "route", "status")
)
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from the head of a request to the end of its answer.",
    labelnames=("method", "route", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0),
)
REQUESTS_IN_PROGRESS = Gauge(
    "http_requests_in_progress", "Requests without an answer yet.", multiprocess_mode="livesum"
)
CONNECTIONS_REFUSED = Counter(
    "http_connections_refused_total", "Connections that were closed as there were too many."
)
POOL_CONNECTIONS = Gauge(
    "mongodb_pool_connections", "Open connections of the pool.", multiprocess_mode="livesum"
)
POOL_CONNECTIONS_IN_USE = Gauge(
    "mongodb_pool_connections_in_use",
    "Connections of the pool that an operation holds.",
    multiprocess_mode="livesum",
)
POOL_FAILURES = Counter(
    "mongodb_pool_checkout_failures_total",
    "Operations that got no connection.",
    labelnames=("reason",),
)
CREDENTIAL_ROTATIONS = Counter(
    "mongodb_credential_rotations_total",
    "Changes of the files with certificates and the password that were noticed.",
    labelnames=("result",),
)


async def exposition() -> tuple[bytes, str]:
    """The figures as text, and its media type."""
    if not _multiprocess_directory:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    # Reads the files of all workers.
    return await asyncio.to_thread(generate_latest, registry), CONTENT_TYPE_LATEST


def forget_process() -> None:
    """Takes the gauges of this process, which is about to end, out of the sums."""
    if _multiprocess_directory:
        multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]
