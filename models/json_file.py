"""JSON that is believed only where it has the type we need: a wrong one is a sentence, never a KeyError later."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from records.errors import ModelRefused


@dataclass(frozen=True, kw_only=True)
class JsonObject:
    """An object of a file; `where` names the file and the way to the object in it, for the sentences."""

    where: str
    held: Mapping[str, Any]

    def text(self, key: str) -> str:
        value = self._of(key)
        return value if isinstance(value, str) else self._refuse(key, "a text")

    def text_or_none(self, key: str) -> str | None:
        return None if self._of(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._of(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._refuse(key, "a list of texts")
        return tuple(value)

    def whole(self, key: str) -> int:
        value = self._of(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._refuse(key, "a whole number of 0 or more")
        return value

    def number(self, key: str, *, low: float, high: float) -> float:
        """A finite number within the bounds, both included."""
        value = self._of(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            self._refuse(key, f"a number between {low:g} and {high:g}")
        return float(value)

    def object(self, key: str) -> "JsonObject":
        value = self._of(key)
        return self._below(key, value) if isinstance(value, dict) else self._refuse(key, "an object")

    def objects(self, key: str) -> tuple["JsonObject", ...]:
        value = self._of(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._refuse(key, "a list of objects")
        return tuple(self._below(f"{key} {place}", one) for place, one in enumerate(value))

    def numbers_of(self, names: Sequence[str], *, low: float, high: float) -> list[float]:
        """One number for each of the names, and nothing else."""
        if set(self.held) != set(names):
            raise ModelRefused.train_anew(
                f"{self.where} does not have one number for each feature of the catalogue.",
                th="แฟ้มของแบบจำลองนี้ไม่มีตัวเลขครบทุกตัวบ่งชี้ของชุดที่ใช้อยู่ หรือมีเกิน",
            )
        return [self.number(name, low=low, high=high) for name in names]

    def _below(self, key: str, held: Mapping[str, Any]) -> "JsonObject":
        return JsonObject(where=f"{self.where}, {key}", held=held)

    def _of(self, key: str) -> Any:
        if key not in self.held:
            self._refuse(key, "a value")
        return self.held[key]

    def _refuse(self, key: str, needed: str) -> NoReturn:
        raise ModelRefused.train_anew(
            f"{self.where}: {key} must be {needed}.", th=f"ค่า {key} ในแฟ้มของแบบจำลองนี้หายไปหรือไม่ถูกต้อง"
        )


def read_object(content: bytes, where: str) -> JsonObject:
    """The object that a whole file is. Raises ModelRefused for anything else than strict JSON without repeated keys."""
    try:
        held = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ModelRefused.train_anew(f"{where} is no readable JSON.", th="แฟ้มของแบบจำลองนี้อ่านเป็น JSON ไม่ได้") from None
    if not isinstance(held, dict):
        raise ModelRefused.train_anew(f"{where} is no JSON object.", th="แฟ้มของแบบจำลองนี้ไม่เป็น JSON ในรูปที่ต้องใช้")
    return JsonObject(where=where, held=held)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        raise ValueError("a key stands twice")
    return held


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
