"""What the fixtures of the spec tests look like to a test."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from features.declaration import Feature

TermKey = tuple[int, int]
ONE_TERM: tuple[TermKey, ...] = ((2025, 1),)


class Spec(Protocol):
    """Ask one feature of the records drawn; who is in `expect` is on the roster of the term, unless `on_roster` is False.

    `after` are features that it is relative to.
    """

    def __call__(
        self,
        picture: str,
        feature: Feature,
        *,
        as_of: str,
        expect: Mapping[int, float | None],
        terms: Sequence[TermKey] = ...,
        after: Sequence[Feature] = ...,
        on_roster: bool = ...,
    ) -> None: ...


class Enrolled(Protocol):
    """Who is enrolled, of the records drawn: enrolments, unless the picture names another table."""

    def __call__(self, picture: str, *, as_of: str, expect: set[int], terms: Sequence[TermKey] = ...) -> None: ...
