"""Asking an identity provider over HTTP: a limit in seconds for the whole question, no redirects, small answers.

The name may not resolve, the answer may come a byte a minute: whoever waits is told after the limit all the same.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

LIMIT_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_AT_ONCE = 4
_MOST_WAITING = 4


class NotAnswered(Exception):
    """No answer, a late one, or not one that says anything; the text says which, and nothing that was sent."""


class Outbound:
    """A few questions at once; a few more wait for a turn, and no longer than the limit.

    All others are told at once: whoever waits here keeps a thread from answering pages.
    """

    def __init__(self, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._workers = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="outbound")
        self._places = threading.BoundedSemaphore(_AT_ONCE + _MOST_WAITING)

    def ask(
        self, url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object at an address, asked by GET or, with a form, by POST. Raises NotAnswered."""
        if not self._places.acquire(blocking=False):
            raise NotAnswered("too many at once")
        try:
            return self._asked(url, form, headers or {})
        finally:
            self._places.release()

    def _asked(self, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> dict[str, Any]:
        question = _Question(connection=_connection(url, self._limit_seconds))
        asked = self._workers.submit(_ask, question, url, form, headers)
        try:
            return asked.result(timeout=self._limit_seconds)
        except TookTooLong:
            asked.cancel()
            raise NotAnswered("too late") from None
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswered(type(error).__name__) from None
        finally:
            question.cut()


@dataclass
class _Question:
    """A connection and, once it is open, its socket: the connection itself lets go of it while the answer is read."""

    connection: http.client.HTTPConnection
    held: socket.socket | None = None

    def cut(self) -> None:
        """End a question that may still be going on: a thread that waits for bytes is woken."""
        if self.held is not None:
            with suppress(OSError):
                self.held.shutdown(socket.SHUT_RDWR)


def _connection(url: str, limit_seconds: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=limit_seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=limit_seconds)


def _ask(question: _Question, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> dict[str, Any]:
    connection = question.connection
    try:
        connection.connect()
        question.held = connection.sock
        return _answer(connection, url, form, headers)
    finally:
        connection.close()


def _answer(
    connection: http.client.HTTPConnection, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    sent = {"Accept": "application/json", "User-Agent": "zerodrop", "Connection": "close", **headers}
    if form is None:
        connection.request("GET", path, headers=sent)
    else:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", path, body=urlencode(form), headers=sent)
    with connection.getresponse() as answer:
        if answer.status != http.HTTPStatus.OK:
            raise NotAnswered(f"status {answer.status}")
        body = answer.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise NotAnswered("too long")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnswered("no JSON") from None
    if not isinstance(told, dict):
        raise NotAnswered("no JSON object")
    return told
