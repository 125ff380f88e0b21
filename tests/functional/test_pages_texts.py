"""The words: both languages alike, dates in Buddhist years, numbers as a teacher would say them."""

import string
import unicodedata
from datetime import UTC, date, datetime

import pytest

from records.access import Permission
from records.codes import RULES
from serving.dates import thai_date, written, written_moment
from serving.pages import wording
from serving.shown import Head
from serving.texts import load_texts

TEXTS = load_texts()


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def head(horizon: str = "days_56") -> Head:
    return Head(
        as_of=date(2025, 11, 17), expires_on=date(2025, 12, 1), stale=False, known_until=datetime(2025, 11, 17, tzinfo=UTC),
        by_rule=False, model_digest="x", horizon=horizon, visits_per_week=8, rows_per_advisor=5, capacity_is_default=False,
    )  # fmt: skip


def test_both_languages_say_the_same_things() -> None:
    thai, english = TEXTS["th"].by_key, TEXTS["en"].by_key
    assert list(thai) == list(english)
    assert {key: placeholders(thai[key]) for key in thai} == {key: placeholders(english[key]) for key in thai}


@pytest.mark.parametrize("language", ["th", "en"])
def test_words_are_normal_and_not_empty(language: str) -> None:
    for text in TEXTS[language].by_key.values():
        assert text.strip() == text != ""
        assert unicodedata.is_normalized("NFC", text)
        assert "เเ" not in text  # two sara e typed for one sara ae


@pytest.mark.parametrize("forbidden", ["เด็กมีปัญหา", "จะลาออก", "กลุ่มเสี่ยง"])
def test_no_student_is_labelled(forbidden: str) -> None:
    assert not any(forbidden in text for text in TEXTS["th"].by_key.values())


def test_every_rule_and_permission_has_words() -> None:
    for texts in TEXTS.values():
        # How lateness and leave are counted is no rule that anybody can be past.
        assert all(texts.knows(f"must_see.{rule}") for rule in RULES.values if not rule.endswith("_per_absence"))
        assert all(texts.knows(f"permission.{permission.name.lower()}") for permission in Permission)


def test_dates() -> None:
    assert thai_date(date(2024, 2, 29)) == "29 กุมภาพันธ์ 2567"
    assert written(date(2025, 12, 1), "en") == "1 December 2025"
    assert written_moment(datetime(2025, 12, 31, 17, 5, tzinfo=UTC), "th") == "1 มกราคม 2569 เวลา 00:05 น."


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.004, "fewer than 1 leaves within 8 weeks"),
        (0.005, "about 1 leave within 8 weeks"),
        (0.145, "about 15 leave within 8 weeks"),
        (0.994, "about 99 leave within 8 weeks"),
        (0.999, "more than 99 leave within 8 weeks"),
    ],
)
def test_probabilities_are_said_as_frequencies(probability: float, said: str) -> None:
    assert wording.frequency(TEXTS["en"], head(), probability).endswith(said)


@pytest.mark.parametrize(
    ("horizon", "said"), [("days_56", "within 8 weeks"), ("days_28", "within 4 weeks"), ("next_count", "roster count")]
)
def test_horizons_are_said_in_words(horizon: str, said: str) -> None:
    assert wording.frequency(TEXTS["en"], head(horizon), 0.14).endswith(said)


@pytest.mark.parametrize(
    ("total", "effect", "start", "length"),
    [(2.3, "raises_much", 60, 60), (9.0, "raises_much", 60, 60), (0.3, "raises", 60, 8), (0.1, "even", 60, 3),
     (-0.3, "lowers", 52, 8), (-1.15, "lowers_much", 30, 30)],
)  # fmt: skip
def test_domain_bars(total: float, effect: str, start: int, length: int) -> None:
    (bar,) = wording.domain_bars({"grades": total, "removed": 1.0})
    assert (bar.effect, bar.start, bar.length) == (effect, start, length)
