"""`zerodrop init` without a workbook: the few questions that a first list needs; the rest can be entered later."""

from collections.abc import Callable
from datetime import date
from typing import Any

from records.college import Capacity, College, Institution, Rule, TermDates
from records.errors import ConfigurationGap
from records.intake import normalise

Ask = Callable[..., Any]


def ask_college(ask: Ask) -> College:
    """Ask for the institution, the current term, capacity and the 80 % rule. Staff and class groups need the workbook."""
    institution = Institution(
        code=ask("รหัสสถานศึกษา · institution code"),
        name_th=ask("ชื่อสถานศึกษา · name in Thai"),
        name_en=ask("ชื่อภาษาอังกฤษ · name in English"),
    )
    opens_on = _day(ask("วันเปิดภาคเรียน · term opens on (18/05/2569)"))
    closes_on = _day(ask("วันปิดภาคเรียน · term closes on (09/10/2569)"))
    if closes_on <= opens_on:
        raise ConfigurationGap(
            "The term closes before it opens. Run zerodrop init again. · "
            "วันปิดภาคเรียนต้องอยู่หลังวันเปิดภาคเรียน สั่ง zerodrop init ใหม่"
        )
    year = int(ask("ปีการศึกษา · academic year (BE)", type=int))
    term = int(ask("ภาคเรียนที่ · term", type=int))
    visits = int(ask("เยี่ยมบ้านได้กี่คนต่อสัปดาห์ · home visits a week", type=int))
    share = float(ask("เวลาเรียนขั้นต่ำ · least share of days present", type=float, default=0.8))
    dates = TermDates(academic_year=normalise.year_ce(year), term=term, opens_on=opens_on, closes_on=closes_on)
    return College(
        institution=institution,
        terms=(dates,),
        capacity=(Capacity(valid_from=opens_on, visits_per_week=visits),),
        rules=(Rule(name="attendance_share", value=share),),
    )


def _day(cell: str) -> date:
    day = normalise.parse_day(cell)
    if day is None:
        raise ConfigurationGap(
            f"'{cell}' is no date. Write day/month/year, for example 18/05/2569, and run zerodrop init again. · "
            f"'{cell}' ไม่ใช่วันที่ ให้เขียน วัน/เดือน/ปี เช่น 18/05/2569 แล้วสั่ง zerodrop init ใหม่"
        )
    return day
