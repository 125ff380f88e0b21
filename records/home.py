"""The data home opened: settings, the ledger's database, the vault, and the folder of the logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from records import migrating
from records.database import Database
from records.errors import ConfigurationGap
from records.people import Vault
from records.quarantine import Quarantine
from records.settings import Settings
from records.vault_key import create_key, load_key

VAULT_SCHEMA = "vault"


@dataclass(frozen=True, kw_only=True)
class DataHome:
    """Everything this deployment holds; whoever opens it closes it."""

    settings: Settings
    database: Database
    vault: Vault
    quarantine: Quarantine
    vault_database: Database

    @property
    def logs(self) -> Path:
        return logs_of(self.settings)

    @property
    def models(self) -> Path:
        return self.settings.home / "models"

    @property
    def states(self) -> Path:
        """Saved states of the features (features/saved.py): made again from the logs when they are lost."""
        return self.settings.home / "states"

    def close(self) -> None:
        self.database.close()
        self.vault_database.close()


@dataclass(frozen=True, kw_only=True)
class Databases:
    """The two databases of a home, whatever state they are in."""

    ledger: Database
    vault: Database

    def close(self) -> None:
        self.ledger.close()
        self.vault.close()


def create_home(settings: Settings) -> DataHome:
    """Make a new data home with its key and tables, or open the one that is there."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    with _kept_open(settings) as databases:
        if migrating.is_new(databases.vault, migrating.VAULT):
            create_key(settings.key_path)
        migrating.prepare(databases.ledger, migrating.LEDGER)
        migrating.prepare(databases.vault, migrating.VAULT)
        return _opened(settings, databases)


def open_home(settings: Settings) -> DataHome:
    """Open an existing data home.

    Raises ConfigurationGap when there is none or when its tables are of another program, VaultError when the key does
    not fit.
    """
    require_home(settings)
    with _kept_open(settings) as databases:
        migrating.require_current(databases.ledger, migrating.LEDGER)
        migrating.require_current(databases.vault, migrating.VAULT)
        return _opened(settings, databases)


def require_home(settings: Settings) -> None:
    """Raises ConfigurationGap when there is no data home, or when half of it is missing."""
    if not settings.home.is_dir() or (not settings.database_url and not (settings.home / "zerodrop.db").exists()):
        raise ConfigurationGap(
            f"There is no data home at {settings.home}. Make one with `zerodrop init`. · "
            f"ไม่มีที่เก็บข้อมูลที่ {settings.home} สร้างด้วยคำสั่ง zerodrop init"
        )
    if not settings.vault_url and not (settings.home / "people.db").exists():
        raise ConfigurationGap(
            f"There is no people.db in {settings.home}, so nobody there has a name. Restore it from a backup. · "
            f"ไม่มีไฟล์ people.db ใน {settings.home} จึงไม่มีชื่อของใครเลย ให้กู้คืนจากข้อมูลสำรอง"
        )


def databases_of(settings: Settings) -> Databases:
    return Databases(
        ledger=Database(settings.database_address), vault=Database(settings.vault_address, schema=VAULT_SCHEMA)
    )


@contextmanager
def _kept_open(settings: Settings) -> Iterator[Databases]:
    """The databases; they are closed again only when the home is not opened."""
    databases = databases_of(settings)
    try:
        yield databases
    except BaseException:
        databases.close()
        raise


def logs_of(settings: Settings) -> Path:
    return settings.home / "records"


def _opened(settings: Settings, databases: Databases) -> DataHome:
    migrating.declare_tables()
    key = load_key(settings.key_path)
    vault = Vault(databases.vault, key)
    vault.claim(str(settings.key_path))
    return DataHome(
        settings=settings,
        database=databases.ledger,
        vault=vault,
        quarantine=Quarantine(databases.vault, key),
        vault_database=databases.vault,
    )
