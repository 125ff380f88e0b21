"""The command of features: replay."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from records.console import Home, InstitutionCode, Json, actor, data_home, for_writing, say, the_institution


def replay(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day to ask about.")],
    out: Annotated[Path | None, typer.Option(help="Write the table here as Parquet.")] = None,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """The feature table of a day from what was known that morning; no later record is read."""
    from features.cohort import NobodyEnrolled
    from features.snapshot import replay as replayed
    from records.access import open_log
    from records.errors import ConfigurationGap

    if out is not None:
        for_writing(out)
    with data_home(home) as opened:
        log = open_log(opened, the_institution(opened, institution), actor=actor(), purpose="replay")
        try:
            snapshot = next(iter(replayed(log, [as_of.date()])))
        except NobodyEnrolled as nobody:
            raise ConfigurationGap(str(nobody)) from None
    frame = snapshot.frame()
    if out is not None:
        frame.to_parquet(out)
    told = {
        "as_of": str(snapshot.as_of),
        "students": len(frame),
        "features": len(snapshot.features),
        "out": str(out or ""),
    }
    summary = frame.drop(columns=["student", "class_group"]).agg(["count", "mean"]).T.to_string(float_format="%.3f")
    say(told, as_json, f"{len(frame)} students as of {snapshot.as_of}\n{summary}")
