# %% [markdown]
"""A term's retraining from start to end: train, judge, check, compare, and sign or be refused, on a simulated college.

ฝึกแบบจำลองใหม่หนึ่งครั้งตั้งแต่ต้นจนจบ บนวิทยาลัยจำลอง ทุกขั้นมีคำสั่ง `zerodrop` ของตนเอง · Every step is also a command.
Run it as a script (`python notebooks/retraining.py`, under a minute) or cell by cell in an editor that knows `# %%`.
"""

# %%
import os
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from small_college import small_college

from records.access import open_log
from records.errors import ModelRefused
from records.lists import RULE_LIST
from records.tables import OUTCOMES
from training import search
from training.checks import Section, blocking, lines
from training.compare import compare_models
from training.evidence import AT_CAPACITY, MODEL
from training.fit import Form
from training.promote import promote_model
from training.train import train

pd.set_option("display.width", 120)
pd.set_option("display.max_columns", 12)

# %% [markdown]
# ## 1 A college with a past
# Three years of a simulated one, seen in the third week of a new term: past terms as history, the new one week by week. With data of your own leave this
# cell out and write `home = open_home(Settings())` (`records.home`) and your institution's code.

# %%
TODAY = date(2026, 6, 1)
workplace = TemporaryDirectory()
os.environ.setdefault("MPLCONFIGDIR", workplace.name)  # drawings keep their list of fonts here
home, code = small_college(Path(workplace.name), students=120, years=3, today=TODAY)

# %% [markdown]
# ## 2 Who left
# The college was told of some leavers; the others are found by the next roster count. Both are labels, by the one
# definition in `training/outcome.py`.

# %%
log = open_log(home, code, actor="analyst", purpose="notebook")
print(f"{log.rows(OUTCOMES, columns=('student',)).num_rows:,} outcomes were told to college {code}")

# %% [markdown]
# ## 3 Train (`zerodrop train`)
# One call: the panel by replay, forward splits by term, a small search before every test, the bag and its calibration,
# the simple lists on the same rows, the checks, the card, the bundle and an MLflow run. Only so that this runs in a
# minute, one form of few trees is all that is tried; leave the first line out with data of your own.

# %%
search.GRID = (Form(trees=40),)
trained = train(home, [code], today=TODAY, actor="analyst")
evidence = trained.evidence
print(f"model {trained.digest[:12]}, MLflow run {trained.run_id[:8]}")
print(f"{evidence.training.rows:,} student-weeks, {evidence.training.leavers:,} of them within 56 days of leaving")
for one in trained.tested:
    print(
        f"term {one.split.term[1]}/{one.split.term[0]} was tested by what could be trained on {one.split.opens}: "
        f"{one.split.training.rows:,} rows before it, {one.split.test.rows:,} in it"
    )

# %% [markdown]
# ## 4 Beside the simple lists
# All on the same rows, each as long as people can visit. `reached` are later leavers among those listed, a week.

# %%
table = pd.DataFrame(
    {
        name: {
            "reached": found.at[AT_CAPACITY].reached_per_week.value,
            "low": found.at[AT_CAPACITY].reached_per_week.low,
            "high": found.at[AT_CAPACITY].reached_per_week.high,
            "auc": found.auc.value,
            "ece": found.ece.value,
            "observed/expected": found.observed_expected.value,
        }
        for name, found in evidence.lists.items()
    }
).T
print(table.sort_values("reached", ascending=False).round(3))

# %% [markdown]
# The decision is taken against the simple list that did best on earlier terms, so that it owes nothing to the luck of
# these; where there are none, against the best of these. The lower bound must lie above zero.

# %%
gain = evidence.gain
if gain is None:
    print("there is no closed test term, so nothing is decided")
else:
    found = gain.per_week
    print(
        f"beyond {gain.against}: {found.value:.2f} leavers a week ({found.low:.2f} to {found.high:.2f}), by {gain.by}"
    )

# %% [markdown]
# ## 5 The checks
# A blocking one cannot be signed away. A hundred and twenty students are few: expect to be told so.

# %%
print("\n".join(line for line in lines(trained.checks, "en") if not line.startswith("    Why")))
print({section.value: sum(one.section is section for one in trained.checks) for section in Section})

# %% [markdown]
# ## 6 Before a switch (`zerodrop compare`)
# Whom would the new model bring onto this week's list, and whom would it leave out? Numbers and class groups, no names.

# %%
moves = compare_models(home, code, digest=trained.digest, today=TODAY, as_of=TODAY, actor="analyst")
print(f"{moves.now} lists {moves.listed_now}, the new model {moves.listed_then}; {moves.staying} are on both")
print(
    pd.DataFrame([{"class": one.class_group, "rank": one.rank_then, "was": one.rank_now} for one in moves.enters[:5]])
)

# %% [markdown]
# ## 7 Sign, or be refused (`zerodrop promote`)
# Whoever signs gives a name and a reason, and both are kept. Where a blocking check failed no signature helps, and the
# simple list stays in charge, which is a decision too.

# %%
try:
    done = promote_model(
        home, institution=code, digest=trained.digest, signed_by="ครูมาลี ตัวอย่าง", reason="พบผู้ออกมากกว่ารายชื่ออย่างง่าย"
    )
    print(f"in charge: model {done.in_charge[:12]}")
except ModelRefused as refused:
    print(str(refused).split("\n")[0])
    reason = ", ".join(one.check.code for one in blocking(trained.checks)) or "the simple list chosen here"
    promote_model(home, institution=code, digest=RULE_LIST, signed_by="ครูมาลี ตัวอย่าง", reason=reason)
    print(f"in charge: the simple list, because of {reason}; {MODEL} waits for another term")

# %%
home.close()
workplace.cleanup()
