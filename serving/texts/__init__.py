"""The words of pages and answers: one file a language, the same keys and placeholders in each."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("th", "en")
DEFAULT_LANGUAGE = "th"


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All words in one language, by keys such as `list.title`."""

    language: str
    by_key: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """The words of a key with its placeholders filled; a missing key or value is a KeyError."""
        return self.by_key[key].format(**values)

    def knows(self, key: str) -> bool:
        return key in self.by_key


def load_texts() -> dict[str, Texts]:
    return {language: _load(language) for language in LANGUAGES}


def _load(language: str) -> Texts:
    path = Path(__file__).with_name(f"{language}.toml")
    return Texts(language=language, by_key=dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
