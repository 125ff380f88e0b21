# %% [markdown]
"""A question of your own, from the first idea to the promises kept, on a simulated college that this notebook makes.

ทดลองสร้างตัวบ่งชี้ของตนเองบนวิทยาลัยจำลอง อ่านคู่กับ docs/guides/new-feature.md · Read docs/guides/new-feature.md beside it.
Run it as a script (`python notebooks/new_feature.py`, half a minute) or cell by cell in an editor that knows `# %%`.
"""

# %%
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
from small_college import small_college

from features.asked import Asked
from features.attendance import ASK_ABSENCE, LATE
from features.catalogue import CATALOGUE, FINGERPRINT
from features.declaration import Feature, check_catalogue, fingerprint
from features.promises import BrokenPromise, require_promises
from features.snapshot import replay
from features.vocabulary import Domain, InTerm, Last, Own, Risk, Share, Unit
from models.horizon import LIST_HORIZON
from records.access import open_log
from records.tables import ATTENDANCE
from records.text import Text
from training.outcome import NEVER, outcomes
from training.panel import build_panel

pd.set_option("display.width", 120)

# %% [markdown]
# ## 1 A college
# A simulated one, imported as its files would have arrived. With data of your own leave this cell out, and write
# `home = open_home(Settings())` (`records.home`) and your institution's code instead.

# %%
workplace = TemporaryDirectory()
home, code = small_college(Path(workplace.name), students=300, years=2)

# %% [markdown]
# ## 2 The log
# Pseudonymous: it has student numbers and no names. Every opening leaves one audit row with the purpose.

# %%
log = open_log(home, code, actor="analyst", purpose="notebook")
mondays = [date(2025, 12, 1) + timedelta(weeks=week) for week in range(8)]
print(f"{log.rows(ATTENDANCE, columns=('student', 'status')).num_rows:,} marks are known of college {code}")

# %% [markdown]
# ## 3 First try the measures
# "How often do they come late on Mondays?" is a share of some weekdays: a declaration says it all, and no code is written.

# %%
LATE_MONDAYS = Feature(
    name="late_share_mondays_8w", table=ATTENDANCE, measure=Share(where=LATE, weekdays=(0,)), window=Last(days=56),
    unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
    label=Text(th="สัดส่วนวันจันทร์ที่มาสายใน 8 สัปดาห์", en="Share of Mondays late in 8 weeks"),
    reason=Text(th="มาสายร้อยละ {percent:.0f} ของวันจันทร์ใน 8 สัปดาห์", en="late on {value:.0%} of Mondays in 8 weeks"),
    asks=Text(th="ถามว่าเช้าวันจันทร์เดินทางมาจากไหน", en="Ask where they travel from on Monday mornings"),
    source="notebook",
)  # fmt: skip
[monday] = replay(log, [mondays[-1]], [LATE_MONDAYS])
print(monday.frame().groupby("class_group")["late_share_mondays_8w"].describe()[["count", "mean", "max"]].head())

# %% [markdown]
# ## 4 A question that no measure asks
# "Do they come back after a holiday?" needs the calendar and the marks together: a first day back is a teaching day with
# a holiday since the teaching day before it. The answer is a vector function: days down, students across, one value each.


# %%
def missed_after_holiday(asked: Asked) -> npt.NDArray[np.float64]:
    days = asked.days(InTerm())
    first_back = np.zeros(days.taught.shape, bool)
    holiday_before = np.zeros(asked.size, bool)
    for day in range(len(days.number)):
        first_back[day] = days.taught[day] & holiday_before
        holiday_before = (holiday_before | days.closed[day]) & ~days.taught[day]
    told = first_back & days.recorded
    missed = (told & days.are("A", "K")).sum(axis=0)
    return np.where(told.any(axis=0), missed / np.maximum(told.sum(axis=0), 1), np.nan)


AFTER_HOLIDAY = Feature(
    name="missed_after_holiday_share_term", table=ATTENDANCE,
    measure=Own(answers=missed_after_holiday, reads=("status",)), window=InTerm(),
    unit=Unit.SHARE, decimals=4, domain=Domain.ATTENDANCE, risk=Risk.RISES, absent_means=None, changeable=True,
    label=Text(th="สัดส่วนการขาดเรียนในวันแรกหลังวันหยุด", en="Share of first days after a holiday absent"),
    reason=Text(
        th="ขาดเรียนร้อยละ {percent:.0f} ของวันแรกหลังวันหยุดในภาคเรียนนี้",
        en="absent on {value:.0%} of first days after a holiday this term",
    ),
    asks=ASK_ABSENCE, source="notebook",
)  # fmt: skip

# %% [markdown]
# ## 5 The promises
# No later record matters, asked twice is the same, only declared columns are read … Nothing is said when all are kept.

# %%
for feature in (LATE_MONDAYS, AFTER_HOLIDAY):
    require_promises(feature, log, [mondays[2], mondays[-1]])
    print(f"{feature.name}: every promise kept")

# %% [markdown]
# A broken one, so that you have seen it: who left later is looked up in a table outside. It would look splendid in a
# trial and be worth nothing on the day.

# %%
left_later = np.flatnonzero((outcomes(log, date(2026, 9, 7)).left_on < NEVER).any(axis=0))


def peeking(asked: Asked) -> npt.NDArray[np.float64]:
    return np.isin(asked.cohort.student, left_later).astype(np.float64)


try:
    require_promises(replace(AFTER_HOLIDAY, measure=Own(answers=peeking, reads=("status",))), log, [mondays[-1]])
except BrokenPromise as broken:
    print(broken)

# %% [markdown]
# ## 6 A past term, beside the catalogue
# The same replay as training and the weekly list, with one more column. Each Monday knows what was known that morning.
# Until the first day after a holiday of the term nobody has a value: not known, which is not 0.

# %%
catalogue = (*CATALOGUE, AFTER_HOLIDAY)
check_catalogue(catalogue)
snapshots = list(replay(log, mondays, catalogue))
seen = pd.concat(
    [snapshot.frame().assign(as_of=snapshot.as_of)[["as_of", "student", AFTER_HOLIDAY.name]] for snapshot in snapshots]
)
by_week = seen.groupby("as_of")[AFTER_HOLIDAY.name]
print(by_week.agg(["size", "count", "mean", "max"]).rename(columns={"size": "students", "count": "known"}).round(3))

# %% [markdown]
# Does it say something new? Look at what in the catalogue it goes with most; above 0.9 it is an old question in new words.

# %%
ranks = snapshots[-1].frame()[[feature.name for feature in catalogue]].rank()
alike = ranks.drop(columns=AFTER_HOLIDAY.name).corrwith(ranks[AFTER_HOLIDAY.name])
print(alike.dropna().abs().nlargest(5).round(2))

# %% [markdown]
# Does it go with leaving? The panel labels past weeks by the one definition in `training/outcome.py`. This is a first
# look, on few students: whether a model gains by it is for `zerodrop train` and its forward splits to say.

# %%
panel = build_panel(
    home, [code], horizon=LIST_HORIZON, known_until=date(2026, 9, 7), actor="analyst", as_ofs=mondays,
    catalogue=[AFTER_HOLIDAY],
)  # fmt: skip
values, left, _ = panel.matrix()
rows = pd.DataFrame({"left within 56 days": left, "value": values[:, 0]}).dropna()
print(rows.groupby("left within 56 days")["value"].agg(["count", "mean"]).round(3))

# %% [markdown]
# ## 7 The fingerprint
# A model belongs to one catalogue. With one more question the fingerprint is another, so today's model is refused and a
# new one must be trained; an edited label would change nothing, an edited line of the function would.

# %%
print(f"the catalogue:     {FINGERPRINT[:16]}")
print(f"with our question: {fingerprint(catalogue)[:16]}")

# %%
home.close()
workplace.cleanup()
