"""Figures for a supervisor (Prometheus), on a loopback port of their own: never a student, an account or a path.

Requests are counted by the route's template; ages of lists by institution, whose code is public.
"""

import errno
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from records.errors import CannotServe
from serving.health import Health
from serving.middleware import METHODS, route_template

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIGN_IN = ("/login", "/second-factor", "/activate")
_REFUSED = {401: "wrong", 429: "wait"}


class Metrics:
    """The counters of one service, and how they are read."""

    def __init__(self, examine: Callable[[], Health]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "zerodrop_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "zerodrop_request_seconds",
            "Seconds from a request to the end of its answer",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refused = Counter("zerodrop_sign_ins_refused", "Sign-ins refused", ("why",), registry=self.registry)
        self.crashes = Counter(
            "zerodrop_crashes", "Answers that failed on an error nobody expected", ("error",), registry=self.registry
        )
        self.registry.register(_State(examine))
        ProcessCollector(registry=self.registry)

    def export(self, port: int) -> Callable[[], None]:
        """Answer on 127.0.0.1:port from a thread; returns what ends it. Raises CannotServe when the port is taken."""
        try:
            server, thread = start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
            raise CannotServe(
                f"Port {port} for the metrics {why}. Choose another --metrics-port, or 0 for none. · "
                f"เปิดพอร์ต {port} สำหรับตัวเลขเฝ้าดูระบบไม่ได้ เลือก --metrics-port อื่น หรือ 0 ถ้าไม่ใช้"
            ) from None

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end


class _State(Collector):
    """What is looked up when somebody asks: databases, model, disk, and the age of each institution's list."""

    def __init__(self, examine: Callable[[], Health]) -> None:
        self._examine = examine

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # without it the registry would look everything up once when the service starts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = self._examine()
        up = GaugeMetricFamily("zerodrop_up", "1 when this part works", labels=("part",))
        for part, works in found.parts.items():
            up.add_metric((part,), float(works))
        age = GaugeMetricFamily(
            "zerodrop_list_age_days", "Days since the newest list's Monday", labels=("institution",)
        )
        stale = GaugeMetricFamily("zerodrop_list_stale", "1 when the newest list is stale", labels=("institution",))
        for one in found.lists:
            age.add_metric((one.institution,), float(one.age_days))
            stale.add_metric((one.institution,), float(one.stale))
        free = GaugeMetricFamily("zerodrop_disk_free_bytes", "Bytes left where the data home is", value=found.disk_free)
        yield from (up, age, stale, free)


class CountRequests:
    """Counts every request when its answer ends; see Metrics."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._count(scope, status, time.perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if method == "POST" and route.startswith(_SIGN_IN) and status in _REFUSED:
            self._metrics.refused.labels(_REFUSED[status]).inc()
        if crash := cast(dict[str, Any], scope).get("crash"):
            self._metrics.crashes.labels(crash).inc()
