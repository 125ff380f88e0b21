"""An open-loop load: requests leave by the clock, whether or not the answers before them have come.

A latency counts from the moment at which the request was due, so that a server that falls behind cannot hide it.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30
"""Seconds for one answer."""


@dataclass(kw_only=True)
class Answers:
    """Milliseconds of each answer, how late each request left, and what was answered."""

    milliseconds: list[float] = field(default_factory=list)
    sent_late: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        return {
            "requests": len(self.milliseconds),
            "p50_ms": _quantile(self.milliseconds, 0.5),
            "p99_ms": _quantile(self.milliseconds, 0.99),
            "max_ms": _quantile(self.milliseconds, 1),
            "generator_late_p99_ms": _quantile(self.sent_late, 0.99),
            "statuses": self.statuses,
        }


def _quantile(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2) if ordered else None


def request(port: int, path: str, *, cookie: str = "") -> bytes:
    """A request as bytes, ready to be sent."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: */*",
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def run(port: int, requests: Sequence[bytes], *, rate: float, seconds: float, connections: int) -> Answers:
    """Send `rate` requests a second, in turn those of `requests`, over so many kept-alive connections."""
    return asyncio.run(_run(port, requests, rate, seconds, connections))


async def _run(port: int, requests: Sequence[bytes], rate: float, seconds: float, connections: int) -> Answers:
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    answers = Answers()
    gc.collect()
    gc.freeze()
    senders = [asyncio.create_task(_send(port, due, answers)) for _ in range(connections)]
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = began + number / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        due.put_nowait((at, requests[number % len(requests)]))
    for _ in senders:
        due.put_nowait(None)
    await asyncio.gather(*senders)
    return answers


async def _send(port: int, due: "asyncio.Queue[tuple[float, bytes] | None]", answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    used = time.perf_counter()
    while (task := await due.get()) is not None:
        at, content = task
        if time.perf_counter() - used > 3:  # the server closes what was idle for five seconds
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers.sent_late.append(1000 * (time.perf_counter() - at))
        writer.write(content)
        status = await asyncio.wait_for(_answer(reader), PATIENCE)
        used = time.perf_counter()
        answers.milliseconds.append(1000 * (used - at))
        answers.statuses[status] = answers.statuses.get(status, 0) + 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return int(head.split(b" ", 2)[1])
