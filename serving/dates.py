"""Days as people write them: Buddhist years in Thai, only here at the edge; everything inside is CE."""

from datetime import date, datetime

from records.clock import BANGKOK

_BUDDHIST_ERA = 543
_MONTHS_TH = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def thai_date(day: date) -> str:
    """17 พฤศจิกายน 2568"""
    return f"{day.day} {_MONTHS_TH[day.month - 1]} {day.year + _BUDDHIST_ERA}"


def written(day: date, language: str) -> str:
    """A day as it is written in a language, independent of the machine's locale."""
    return thai_date(day) if language == "th" else f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def written_moment(instant: datetime, language: str) -> str:
    """An instant as a day and a time in Bangkok."""
    local = instant.astimezone(BANGKOK)
    clock = f"{local:%H:%M}"
    return f"{written(local.date(), language)} {f'เวลา {clock} น.' if language == 'th' else clock}"
