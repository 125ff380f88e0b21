"""How far ahead a score looks: a number of days, or until the next roster count."""

from dataclasses import dataclass
from datetime import date, timedelta

from records.text import Text


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """`days` after `as_of`, or the next roster count where `days` is None."""

    days: int | None

    @property
    def name(self) -> str:
        return "next_count" if self.days is None else f"days_{self.days}"

    @property
    def text(self) -> Text:
        if self.days is None:
            return Text(th="ภายในรอบนับทะเบียนครั้งหน้า", en="by the next roster count")
        return Text(th=f"ภายใน {self.days // 7} สัปดาห์", en=f"within {self.days // 7} weeks")

    def end(self, as_of: date) -> date | None:
        """The last day that counts; None when the next roster count says."""
        return None if self.days is None else as_of + timedelta(days=self.days)


def days(number: int) -> Horizon:
    return Horizon(days=number)


NEXT_COUNT = Horizon(days=None)
LIST_HORIZON = days(56)
HORIZONS = {horizon.name: horizon for horizon in (days(28), days(56), NEXT_COUNT)}
