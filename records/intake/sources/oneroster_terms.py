"""Academic sessions of OneRoster as our terms: which academic year, and the how-manieth term of it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from records.intake import normalise

_TERM_TYPES = ("semester", "term")  # where a year has both, a semester is what is called a term here
_BUDDHIST_FROM = 2400
Term = tuple[int, int]  # academic year (Common Era of its opening), term
TermsOf = Mapping[str, Sequence[Term]]


@dataclass(frozen=True, kw_only=True)
class _Session:
    code: str
    kind: str
    starts: date | None
    parent: str
    school_year: str
    title: str


def terms_of(sessions: pd.DataFrame, today: date) -> TermsOf:
    """The terms that each session stands for, as far as they have begun; before all of them, the first.

    A part of a term stands for that term, a school year for its terms.
    """
    known = {one.code: one for one in map(_session, sessions.to_dict("records"))}
    numbered = _numbered([one for one in known.values() if one.starts is not None], known)
    found: dict[str, Sequence[Term]] = {}
    for one in known.values():
        above = _term_above(one, known, numbered)
        own = [above] if above else [code for code in numbered if _is_within(known[code], one, known)]
        begun = [code for code in own if (known[code].starts or today) <= today]
        first = sorted(own, key=lambda code: known[code].starts or today)[:1]
        found[one.code] = [numbered[code] for code in begun or first]
    return found


def _session(row: Mapping[Hashable, str]) -> _Session:
    return _Session(
        code=row["sourcedId"],
        kind=row["type"],
        starts=normalise.parse_day(row["startDate"]),
        parent=row["parentSourcedId"],
        school_year=row["schoolYear"],
        title=row["title"],
    )


def _numbered(dated: Sequence[_Session], known: Mapping[str, _Session]) -> dict[str, Term]:
    """Each term's year and number: as its title says (`2/2568`), else by its order within the school year."""
    numbered: dict[str, Term] = {}
    for school_year in {one.school_year for one in dated}:
        own = [one for one in dated if one.school_year == school_year]
        kind = next((kind for kind in _TERM_TYPES if any(one.kind == kind for one in own)), "")
        terms = sorted((one for one in own if one.kind == kind), key=lambda one: one.starts or date.max)
        opens = min((one.starts for one in own if one.starts), default=date.max)
        for order, one in enumerate(terms, start=1):
            titled = normalise.read_term(one.title).value
            year, term = titled or (None, order)
            numbered[one.code] = (year or _year_of(school_year, opens), term)
    return numbered


def _year_of(school_year: str, opens: date) -> int:
    """A Buddhist school year is that of its opening; a Common Era one may be named by its end, so the dates count."""
    told = normalise.digits(school_year)
    return normalise.year_ce(int(told)) if told.isdigit() and int(told) > _BUDDHIST_FROM else opens.year


def _term_above(one: _Session, known: Mapping[str, _Session], numbered: Mapping[str, Term]) -> str:
    """The session itself or the nearest one above it that is a term."""
    for code in _upwards(one, known):
        if code in numbered:
            return code
    return ""


def _is_within(term: _Session, year: _Session, known: Mapping[str, _Session]) -> bool:
    if year.kind != "schoolYear":
        return False
    return year.code in _upwards(term, known) or (not term.parent and term.school_year == year.school_year)


def _upwards(one: _Session, known: Mapping[str, _Session]) -> list[str]:
    """The session and all above it, each once."""
    met: list[str] = []
    code = one.code
    while code in known and code not in met:
        met.append(code)
        code = known[code].parent
    return met
