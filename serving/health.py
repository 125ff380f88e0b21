"""Is the service alive, and is it ready: for supervisors and proxies; neither tells anything about students."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from records import ledger, lists, migrating
from records.home import DataHome
from serving.desk import AtDesk
from serving.promoted import is_whole

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("serving")
# A list of a large college and its journal fit several times.
LEAST_FREE_BYTES = 100 * 2**20


@dataclass(frozen=True, kw_only=True)
class ListAge:
    """The newest current list of one institution."""

    institution: str
    age_days: int
    stale: bool


@dataclass(frozen=True, kw_only=True)
class Health:
    """What was found; `lists` leaves out institutions that never had one."""

    database: bool
    vault: bool
    tables: bool
    """Both databases have the tables of this release."""
    model: bool
    """Every model in charge is byte for byte what was signed."""
    disk_free: int
    institutions: int
    lists: tuple[ListAge, ...]

    @property
    def parts(self) -> Mapping[str, bool]:
        """What must hold for the service to be ready."""
        return {
            "database": self.database,
            "vault": self.vault,
            "tables": self.tables,
            "model": self.model,
            "disk": self.disk_free >= LEAST_FREE_BYTES,
            "published": bool(self.lists),
        }


@router.get("/healthz")
async def is_alive() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz")
def is_ready(desk: AtDesk) -> JSONResponse:
    """200 when all parts work and a list has been published; else 503 and what is missing."""
    found = examine(desk.home, desk.today())
    ready = all(found.parts.values())
    ages = [one.age_days for one in found.lists]
    told: dict[str, Any] = {
        "status": "ready" if ready else "not ready",
        **found.parts,
        "institutions": found.institutions,
        "stale_institutions": sum(one.stale for one in found.lists),
        "newest_list_age_days": min(ages, default=None),
        "oldest_list_age_days": max(ages, default=None),
        "disk_free_mib": found.disk_free // 2**20,
    }
    return JSONResponse(told, status_code=200 if ready else 503)


def examine(home: DataHome, today: date) -> Health:
    """Look at everything once; a part that raises anything does not work."""
    held: list[tuple[tuple[ListAge, ...], int, bool]] = []
    database = _works("database", lambda: held.append(_lists_and_models(home, today)))
    ages, institutions, model = held[0] if held else ((), 0, False)
    free: list[int] = []
    _works("disk", lambda: free.append(shutil.disk_usage(home.settings.home).free))
    return Health(
        database=database,
        vault=_works("vault", home.vault.ping),
        tables=_works("tables", lambda: _require_tables(home)),
        model=model,
        disk_free=free[0] if free else 0,
        institutions=institutions,
        lists=ages,
    )


def _require_tables(home: DataHome) -> None:
    migrating.require_current(home.database, migrating.LEDGER)
    migrating.require_current(home.vault_database, migrating.VAULT)


def _works(part: str, look: Callable[[], object]) -> bool:
    try:
        look()
    except Exception as error:
        # Whatever a database raises means the same to a supervisor: this part does not work.
        log.error("not ready", part=part, error=type(error).__name__)
        return False
    return True


def _lists_and_models(home: DataHome, today: date) -> tuple[tuple[ListAge, ...], int, bool]:
    """The age of every institution's list, how many institutions there are, and whether all models in charge are whole."""
    codes = [row.code for row in ledger.institutions(home.database)]
    ages, in_charge = [], set()
    with home.database.read() as session:
        for code in codes:
            in_charge.add(lists.champion(session, code))
            publication = lists.current_publication(session, code)
            if publication is not None:
                days = (today - publication.as_of).days
                ages.append(ListAge(institution=code, age_days=days, stale=days > lists.STALE_AFTER_DAYS))
    whole = all(is_whole(home.models, digest) for digest in in_charge - {lists.RULE_LIST})
    return tuple(ages), len(codes), whole
