# SPDX-License-Identifier: Apache-2.0
"""The catalogue: every metric of every role; doc/source/admin/metrics.rst explains them."""

from faafo.metrics.instruments import LONG, SHORT, Counter, Gauge, Histogram, Instrument

HTTP_SECONDS = Histogram(
    "faafo_http_request_duration_seconds",
    "Time that the API took to answer a request, from its context to its headers.",
    SHORT,
    {"route": (), "method": (), "status": ()},
)
DATABASE_UP = Gauge("faafo_database_up", "Whether the API could read the gauges in the database.")
FRACTALS = Gauge("faafo_fractals", "Fractals that are not complete, by status.", {"status": ()})
OLDEST_SECONDS = Gauge(
    "faafo_oldest_queued_seconds",
    "Seconds for which the oldest queued fractal could be claimed; 0 without one.",
)
SERVICES = Gauge("faafo_services", "Known services.", {"kind": (), "state": ()})
POSTED = Counter("faafo_posted_total", "Fractals that were posted.")
CLAIMED = Counter("faafo_claimed_total", "Fractals that were handed to producers.")
COMPLETED = Counter("faafo_completed_total", "Results of fractals that were accepted.")
QUEUE_SECONDS = Histogram(
    "faafo_queue_seconds", "Time from when a fractal could be claimed until it was.", LONG
)
EXPIRED = Counter("faafo_lease_expiries_total", "Leases that have expired.")
RETRIED = Counter(
    "faafo_retries_total",
    "Fractals that were queued again after a failure, or an expired lease.",
)
DEAD = Counter(
    "faafo_dead_letters_total",
    "Fractals that are in error: they have failed too often, or had not begun in time.",
)
API: tuple[Instrument, ...] = (
    HTTP_SECONDS,
    DATABASE_UP,
    FRACTALS,
    OLDEST_SECONDS,
    SERVICES,
    POSTED,
    CLAIMED,
    COMPLETED,
    QUEUE_SECONDS,
    EXPIRED,
    RETRIED,
    DEAD,
)

LEASES = Gauge("faafo_producer_leases", "Leases that the producer holds.")
BACKLOG = Gauge("faafo_producer_backlog", "Claimed fractals that wait for a slot of a worker.")
WORKERS = Gauge("faafo_producer_workers", "Workers that the producer hears.")
LEASES_LOST = Counter(
    "faafo_producer_leases_lost_total",
    "Leases lost: the fractal was deleted, or claimed by another producer.",
)
BACKLOG_SECONDS = Histogram(
    "faafo_producer_backlog_seconds", "Time from a claim until a worker was called.", SHORT
)
RPC_SECONDS = Histogram(
    "faafo_producer_rpc_seconds",
    "Time of a call to a worker, with one fractal or a batch.",
    LONG,
    {"outcome": ("done", "busy", "lost", "failed")},
)
PRODUCER: tuple[Instrument, ...] = (
    LEASES,
    BACKLOG,
    WORKERS,
    LEASES_LOST,
    BACKLOG_SECONDS,
    RPC_SECONDS,
)

SLOTS = Gauge("faafo_worker_slots", "Slots of the worker; 0 while it takes no fractals.")
BUSY = Gauge("faafo_worker_busy", "Slots that are occupied.")
RENDER_SECONDS = Histogram("faafo_worker_render_seconds", "Time to render a fractal.", LONG)
STORE_SECONDS = Histogram("faafo_worker_store_seconds", "Time to store an image.", SHORT)
FAILURES = Counter(
    "faafo_worker_failures_total",
    "Attempts that have failed.",
    {"reason": ("render", "store", "refused")},
)
QUARANTINED = Counter(
    "faafo_worker_quarantined_total",
    "Fractals that were rendered alone, since they have failed before.",
)
WORKER: tuple[Instrument, ...] = (
    SLOTS,
    BUSY,
    RENDER_SECONDS,
    STORE_SECONDS,
    FAILURES,
    QUARANTINED,
)

DELIVERIES = Counter(
    "faafo_notifier_deliveries_total",
    "Attempts to deliver events.",
    {"target": ("webhook", "bus"), "outcome": ("delivered", "failed")},
)
DELIVERY_SECONDS = Histogram(
    "faafo_notifier_delivery_seconds",
    "Time of an attempt to deliver an event.",
    SHORT,
    {"target": ("webhook", "bus")},
)
NOTIFIER: tuple[Instrument, ...] = (DELIVERIES, DELIVERY_SECONDS)

EVENTS = Counter(
    "faafo_reader_events_total",
    "Events from the bus.",
    {"outcome": ("stored", "dropped", "queued again")},
)
REDIS_UP = Gauge("faafo_reader_redis_up", "Whether Redis has taken the latest events.")
READER: tuple[Instrument, ...] = (EVENTS, REDIS_UP)

# Those of each role, beside faafo_build_info and what the client library tells of the process.
ROLES = {
    "api": API,
    "producer": PRODUCER,
    "worker": WORKER,
    "notifier": NOTIFIER,
    "reader": READER,
}
