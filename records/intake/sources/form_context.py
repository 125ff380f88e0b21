"""What a printed form says once for all its rows, and the day on which it counts where it names none."""

from collections.abc import Mapping

from records.clock import local_day
from records.intake.files import Sheet
from records.intake.source import Request
from records.intake.title_block import days_after, lines_of, value_of


def day_above(sheet: Sheet, request: Request) -> str:
    """The first day that follows a word for day in the title block; '' when there is none."""
    day = next(days_after(lines_of(sheet, request), "วันที่"), None)
    return day.isoformat() if day else ""


def usual_context(sheet: Sheet, request: Request) -> Mapping[str, str]:
    """The day of the title block, else of the receipt, and the class group where the block names one.

    Columns of the sheet come before both.
    """
    known = {"*.happened_on": day_above(sheet, request) or local_day(request.received_at).isoformat()}
    group = value_of(lines_of(sheet, request), "กลุ่มเรียน")
    return {**known, "*.class_group": group} if group else known
