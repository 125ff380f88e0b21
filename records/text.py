"""Words shown to people: always Thai and English together."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Text:
    """One sentence or label in both languages; neither may be empty."""

    th: str
    en: str

    def __post_init__(self) -> None:
        if not self.th.strip() or not self.en.strip():
            raise ValueError(f"a text needs both languages: th={self.th!r}, en={self.en!r}")

    def in_language(self, language: str) -> str:
        return self.th if language == "th" else self.en
