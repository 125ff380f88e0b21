"""How long the feature tables of a simulated nation take from real log files, beside DuckDB, pandas and the bare scan.

    python -m benchmarks.features --students 1000000 --weeks 18

JSON lines. `log` is what was written: institutions of 2,000 to 3,000 students in shards of about 62,500, 90 school days
of a register a day, 1 % of days missing, 4 % entered late, 10 % of absences corrected, and every other table that the
catalogue reads. Past `--drawn` shards the content is repeated under other institutions' names, and `log` says so.
Every measurement is a fresh process; the fastest of `--repeats` by the wall counts. CPU seconds include the workers,
peak memory is that of the largest process. `zerodrop` is a warm pool over the compacted log; `cold` the same with the
pool's start; `uncompacted` reads a file a week, table and institution; `periods` reads eight class periods and the
flagpole a day of fewer students; `increment` adds a week to a saved state, `increment-saved` writes the new state too.
`scan` decodes the columns that the replay asks for, `least-scan` those alone that it decodes: statistics tell the others.
The peers DuckDB and pandas read one institution of `--peer-students` on one core, as `zerodrop-peer` does; the exit
code is 1 when their values differ from ours. `ratios` are of CPU seconds on one core, as they are and as if each peer
had answered as many features as zerodrop.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.features import ours, peers, scan
from benchmarks.features.files import Wanted, write_log
from benchmarks.features.measured import Figures, Job, fastest, in_own_process, run
from benchmarks.features.nation import shard_sizes

MEASURES: dict[str, Callable[[Job], Figures]] = {
    "zerodrop": ours.measure,
    "states": ours.save_states,
    "increment": ours.measure_increment,
    "increment-saved": ours.measure_increment_saved,
    "scan": scan.measure,
    "least-scan": scan.measure_least,
    "duckdb": peers.measure_duckdb,
    "pandas": peers.measure_pandas,
}
PARTS = ("zerodrop", "cold", "uncompacted", "increment", "periods", "scan", "duckdb", "pandas")
_PEERS = ("duckdb", "pandas")


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    if asked.job:
        job = Job(**json.loads(asked.job))
        run(job, MEASURES[job.what])
        return 0
    with _folder(asked.folder) as folder:
        measured = _Run(asked, folder)
        measured.all()
    return int(measured.differs)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description="Feature tables from log files.")
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument(
        "--weeks", type=int, default=1, help="how many Mondays, the last after 90 school days (1 to 18)"
    )
    parser.add_argument("--workers", type=_numbers, default=(1, 2), help="sizes of the pool, such as 1,2")
    parser.add_argument("--peer-students", type=int, default=100_000)
    parser.add_argument("--period-students", type=int, default=20_000)
    parser.add_argument(
        "--shard-students",
        type=int,
        default=62_500,
        help="about how many students a shard has; a million are 16 of these",
    )
    parser.add_argument("--drawn", type=int, default=17, help="shards of which the content is drawn; others repeat it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"some of {','.join(PARTS)}")
    parser.add_argument("--folder", type=Path, help="keep the logs here, and read them again when they fit")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _numbers(told: str) -> tuple[int, ...]:
    return tuple(sorted(int(one) for one in told.split(",")))


def _parts(told: str) -> tuple[str, ...]:
    parts = tuple(told.split(","))
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return parts


@contextmanager
def _folder(asked: Path | None) -> Iterator[Path]:
    """The folder of the logs; one that nobody asked for goes away again."""
    folder = asked or Path(tempfile.mkdtemp(prefix="features-"))
    try:
        yield folder.resolve()
    finally:
        if asked is None:
            shutil.rmtree(folder)


class _Run:
    """The measurements that were asked for, one after the other, each said as soon as it is there."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self._asked, self._folder = asked, folder
        self._found: dict[str, Figures] = {}

    def all(self) -> None:
        only = self._asked.only
        self._write("small", ((700,),))
        if set(only) & {"zerodrop", "cold", "uncompacted", "increment", "scan"}:
            self._nation()
        if "periods" in only:
            self._write("periods", shard_sizes(self._asked.period_students), periods=True)
            self._measure("periods", Job(what="zerodrop", folder=self._path("periods"), **self._most))
        if set(only) & set(_PEERS):
            self._peers()
        self._ratios()

    @property
    def differs(self) -> bool:
        """Whether a peer found other values than zerodrop."""
        return any(figures.get("values_that_differ") for figures in self._found.values())

    def _nation(self) -> None:
        nation, only = self._path("nation"), self._asked.only
        self._write("nation", shard_sizes(self._asked.students, self._asked.shard_students))
        if "scan" in only:
            for what in ("scan", "least-scan"):
                self._measure(what, Job(what=what, folder=nation))
        for workers in self._asked.workers if "zerodrop" in only else ():
            job = Job(what="zerodrop", folder=nation, weeks=self._asked.weeks, workers=workers)
            self._measure("zerodrop", job, name=f"zerodrop-{workers}")
        if "cold" in only:
            self._measure("cold", Job(what="zerodrop", folder=nation, warm=False, **self._most))
        if "uncompacted" in only:
            self._measure("uncompacted", Job(what="zerodrop", folder=nation, form="weekly", **self._most))
        if "increment" in only:
            in_own_process(Job(what="states", folder=nation))
            for what in ("increment", "increment-saved"):
                self._measure(what, Job(what=what, folder=nation, **self._most))

    def _peers(self) -> None:
        """One institution of its own, so that no peer has to tell institutions apart."""
        self._write("peer", ((self._asked.peer_students,),))
        job = Job(what="zerodrop", folder=self._path("peer"), weeks=self._asked.weeks, keep_values=True)
        self._measure("zerodrop-peer", job)
        for name in _PEERS:
            if name in self._asked.only:
                form = "weekly" if name == "duckdb" else "compacted"  # the twin takes files of single batches
                self._measure(name, Job(what=name, folder=self._path("peer"), form=form, weeks=self._asked.weeks))

    @property
    def _most(self) -> Figures:
        return {"weeks": self._asked.weeks, "workers": self._asked.workers[-1]}

    def _path(self, name: str) -> str:
        return str(self._folder / name)

    def _write(self, name: str, shards: Sequence[tuple[int, ...]], *, periods: bool = False) -> None:
        wanted = Wanted(shards=tuple(shards), distinct=self._asked.drawn, periods=periods)
        figures = write_log(self._folder / name, wanted, processes=self._asked.workers[-1])
        _say({"what": "log", "log": name, **figures})

    def _measure(self, what: str, job: Job, name: str = "") -> None:
        figures = fastest(job, self._asked.repeats)
        self._found[name or what] = figures
        _say({"what": what, "workers": job.workers, **figures})

    def _ratios(self) -> None:
        """CPU seconds on one core: how much of the scan limit is reached, and how far the peers are behind."""
        found, ratios = self._found, {}
        for name, scanned in (("share_of_scan_limit", "scan"), ("share_of_least_scan", "least-scan")):
            if {scanned, "zerodrop-1"} <= set(found):
                ratios[name] = found[scanned]["cpu_s"] / found["zerodrop-1"]["cpu_s"]
        for name in _PEERS:
            if name in found:
                peer, own = found[name], found["zerodrop-peer"]
                ratios[f"{name}_to_zerodrop"] = peer["cpu_s"] / own["cpu_s"]
                per_feature = peer["features"] / own["features"]
                ratios[f"{name}_to_zerodrop_per_feature"] = peer["cpu_s"] / own["cpu_s"] / per_feature
        if ratios:
            _say(
                {
                    "what": "ratios",
                    "weeks": self._asked.weeks,
                    **{name: round(ratio, 2) for name, ratio in ratios.items()},
                }
            )


def _say(line: Figures) -> None:
    print(json.dumps({"benchmark": "features", **line}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
