# %% [markdown]
"""Reading a model card, section by section: which question each answers, and which figure to look at first.

อ่านบัตรแบบจำลองทีละส่วน บนแบบจำลองของวิทยาลัยจำลอง · The card is that of a small simulated college, trained here.
Run it as a script (`python notebooks/reading_a_card.py`, under a minute) or cell by cell in an editor that knows `# %%`.
"""

# %%
import os
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from small_college import small_college

from models.card import card_in, render_html
from records.access import open_log
from records.tables import ENROLMENTS
from training import search
from training.evidence import AT_CAPACITY, MODEL, Interval
from training.fit import Form
from training.promote import model_folder
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
# ## 2 A trained model
# As `zerodrop train` makes it; one form of few trees, so that this runs in a minute.

# %%
log = open_log(home, code, actor="analyst", purpose="notebook")
print(f"{log.rows(ENROLMENTS, columns=('student',)).num_rows:,} rows of rosters are known of college {code}")
search.GRID = (Form(trees=40),)
trained = train(home, [code], today=TODAY, actor="analyst")
evidence = trained.evidence


def told(found: Interval) -> str:
    """A figure without its bounds is no evidence; where too few people made it there are none."""
    bounds = "too few for bounds" if np.isnan(found.low) else f"{found.low:.3f} to {found.high:.3f}"
    return f"{found.value:.3f} ({bounds})"


# %% [markdown]
# ## 3 What it is, and for what
# `zerodrop card` shows the card; it begins with what a score is for and never for. The card is part of the bundle: its
# bytes are hashed with the model's, so nobody can polish it after the training.

# %%
folder, digest = model_folder(home, trained.digest)
card = card_in(folder, digest)
print(trained.card_text[trained.card_text.index("# In English") :][:1200])

# %% [markdown]
# ## 4 On what it rests
# First the leavers, not the rows: weeks of one student are one piece of evidence. A hundred leavers are few.

# %%
facts = evidence.training
print(
    f"{facts.leavers} leavers in {facts.rows:,} student-weeks of {', '.join(facts.terms)}; base rate {facts.base_rate:.3f}"
)
print(f"{facts.reconstructed_share:.0%} of the data came as history: their day of entry is an estimate")
if evidence.test is not None:
    print(f"tested on {', '.join(evidence.test.terms)}: {evidence.test.weeks} weeks, {evidence.test.leavers} leavers")

# %% [markdown]
# ## 5 Does it beat a list that costs nothing?
# The figure that counts: later leavers among those whom the college can visit in a week, beyond the simple list that did
# best on earlier terms. When the low bound is not above zero, nobody knows that it is better.

# %%
if evidence.gain is not None:
    print(f"beyond {evidence.gain.against}: {told(evidence.gain.per_week)} leavers a week")
for name, one in sorted(evidence.lists.items(), key=lambda pair: -pair[1].at[AT_CAPACITY].recall.value):
    print(f"{name:17} recall {told(one.at[AT_CAPACITY].recall)}   auc {told(one.auc)}")

# %% [markdown]
# ## 6 Do its numbers hold?
# Seen over expected near 1: of ten expected leavers about ten left. Expected calibration error says the same by height
# of the score. A model can order well and still promise wrong numbers.

# %%
own = evidence.lists[MODEL]
print(
    f"seen over expected {told(own.observed_expected)}, calibration error {told(own.ece)}, slope {told(own.calibration_slope)}"
)
print(pd.DataFrame(card["bands"]).round(3).to_string(index=False))

# %% [markdown]
# ## 7 Does it find everybody's leavers alike?
# "Cannot tell" is an answer, and the usual one at a single college: with few leavers in a group no gap could be seen.

# %%
for attribute in evidence.fairness:
    print(f"{attribute.attribute:20} {[group.group for group in attribute.groups]}")
print([check["said"]["en"] for check in card["checks"] if check["code"].startswith("TR5") and check["said"]])

# %% [markdown]
# ## 8 The checks, last
# What blocks cannot be signed away; what is advice is yours to weigh, and your reason is kept with your name.

# %%
for check in card["checks"]:
    if check["section"] in ("blocking", "advice"):
        print(f"{check['section']:9} {check['code']} {check['said']['en']}")

# %% [markdown]
# ## 9 To print it
# `zerodrop card --html card.html` writes one page for screen and A4: Thai first, then English.

# %%
page = render_html(card)
print(f"{len(page):,} characters, {page.count('<table')} tables")

# %%
home.close()
workplace.cleanup()
