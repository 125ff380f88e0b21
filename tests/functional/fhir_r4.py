"""The rules of HL7 FHIR R4 (4.0.1) for a RiskAssessment and the types in it: names, cardinalities, formats, invariants.

Written from the published definition, apart from the code that makes the resource. Anything unknown is a fault.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def _matching(pattern: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            yield f"{at}: {value!r} does not match {pattern}"

    return check


_YEAR = "([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = "(0[1-9]|[1-2][0-9]|3[0-1])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?(Z|(\\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
text = _matching(r"[ \r\n\t\S]+")  # string: never empty
code = _matching(r"[^\s]+(\s[^\s]+)*")
uri = _matching(r"\S+")
identity = _matching(r"[A-Za-z0-9\-\.]{1,64}")
date_time = _matching(f"{_YEAR}(-(0[1-9]|1[0-2])(-{_DAY}(T{_TIME})?)?)?")


def decimal(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{at}: {value!r} is no decimal"


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{at}: {value!r} is no boolean"


def one_of(*codes: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in codes:
            yield f"{at}: {value!r} is none of {codes}"

    return check


@dataclass(frozen=True, kw_only=True)
class Element:
    """An element of a type: how it is checked, how often it stands there (`most` None: a list of any length)."""

    check: Check
    least: int = 0
    most: int | None = 1


def of(elements: Mapping[str, Element], *invariants: Check) -> Check:
    """A complex type: an object with these elements, not empty (ele-1), and its invariants."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict) or not value:
            yield f"{at}: an object with at least one element is needed (ele-1)"
            return
        yield from (f"{at}.{name}: R4 has no such element" for name in value if name not in elements)
        for name, element in elements.items():
            yield from _occurrences(value, name, element, f"{at}.{name}")
        for invariant in invariants:
            yield from invariant(value, at)

    return check


def _occurrences(value: Mapping[str, Any], name: str, element: Element, at: str) -> Iterator[str]:
    if name not in value:
        if element.least:
            yield f"{at}: is missing (min {element.least})"
        return
    if element.most == 1:
        yield from element.check(value[name], at)
    elif not isinstance(value[name], list) or not value[name]:
        yield f"{at}: must be a list that is not empty"
    else:
        for place, one in enumerate(value[name]):
            yield from element.check(one, f"{at}[{place}]")


def _period_order(value: Any, at: str) -> Iterator[str]:
    if "start" in value and "end" in value and date.fromisoformat(value["start"]) > date.fromisoformat(value["end"]):
        yield f"{at}: per-1: the start is after the end"


def _reference_says_something(value: Any, at: str) -> Iterator[str]:
    if not {"reference", "identifier", "display"} & set(value):
        yield f"{at}: a reference needs a reference, an identifier or a display"


def _at_most_one(*names: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if len(set(names) & set(value)) > 1:
            yield f"{at}: only one of {names}"

    return check


def _probability(value: Any, at: str) -> Iterator[str]:
    if not 0 <= value.get("probabilityDecimal", 0) <= 100:
        yield f"{at}: ras-2: a probability is at most 100"


def _narrative(value: Any, at: str) -> Iterator[str]:
    try:
        root = ET.fromstring(value["div"])
    except (ET.ParseError, KeyError):
        yield f"{at}: the div is no XHTML"
        return
    if root.tag != "{http://www.w3.org/1999/xhtml}div":
        yield f"{at}: txt-1: the narrative is a div of XHTML"
    if not "".join(root.itertext()).strip():
        yield f"{at}: txt-2: the narrative says nothing"


_period = of({"start": Element(check=date_time), "end": Element(check=date_time)}, _period_order)
_coding = of(
    {
        "system": Element(check=uri), "version": Element(check=text), "code": Element(check=code),
        "display": Element(check=text), "userSelected": Element(check=boolean),
    }
)  # fmt: skip
_concept = of({"coding": Element(check=_coding, most=None), "text": Element(check=text)})
_identifier = of(
    {
        "use": Element(check=one_of("usual", "official", "temp", "secondary", "old")), "type": Element(check=_concept),
        "system": Element(check=uri), "value": Element(check=text), "period": Element(check=_period),
    }
)  # fmt: skip
_reference = of(
    {
        "reference": Element(check=text), "type": Element(check=uri), "identifier": Element(check=_identifier),
        "display": Element(check=text),
    },
    _reference_says_something,
)  # fmt: skip
_range = of(
    {
        "low": Element(check=of({"value": Element(check=decimal)})),
        "high": Element(check=of({"value": Element(check=decimal)})),
    }
)
_annotation = of(
    {
        "authorReference": Element(check=_reference), "authorString": Element(check=text),
        "time": Element(check=date_time), "text": Element(check=text, least=1),
    },
    _at_most_one("authorReference", "authorString"),
)  # fmt: skip
_prediction = of(
    {
        "outcome": Element(check=_concept), "probabilityDecimal": Element(check=decimal),
        "probabilityRange": Element(check=_range), "qualitativeRisk": Element(check=_concept),
        "relativeRisk": Element(check=decimal), "whenPeriod": Element(check=_period),
        "whenRange": Element(check=_range), "rationale": Element(check=text),
    },
    _at_most_one("probabilityDecimal", "probabilityRange"),
    _at_most_one("whenPeriod", "whenRange"),
    _probability,
)  # fmt: skip
_text = of(
    {
        "status": Element(check=one_of("generated", "extensions", "additional", "empty"), least=1),
        "div": Element(check=text, least=1),
    },
    _narrative,
)
_STATUS = one_of(
    "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"
)
_risk_assessment = of(
    {
        "resourceType": Element(check=one_of("RiskAssessment"), least=1), "id": Element(check=identity),
        "language": Element(check=code), "text": Element(check=_text),
        "identifier": Element(check=_identifier, most=None), "basedOn": Element(check=_reference),
        "parent": Element(check=_reference), "status": Element(check=_STATUS, least=1),
        "method": Element(check=_concept), "code": Element(check=_concept),
        "subject": Element(check=_reference, least=1), "encounter": Element(check=_reference),
        "occurrenceDateTime": Element(check=date_time), "occurrencePeriod": Element(check=_period),
        "condition": Element(check=_reference), "performer": Element(check=_reference),
        "reasonCode": Element(check=_concept, most=None), "reasonReference": Element(check=_reference, most=None),
        "basis": Element(check=_reference, most=None), "prediction": Element(check=_prediction, most=None),
        "mitigation": Element(check=text), "note": Element(check=_annotation, most=None),
    },
    _at_most_one("occurrenceDateTime", "occurrencePeriod"),
)  # fmt: skip


def faults(resource: Any) -> list[str]:
    """What R4 does not allow in the resource, each with its place."""
    return list(_risk_assessment(resource, "RiskAssessment"))
