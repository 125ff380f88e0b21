"""The data home opened: settings, the ledger's database, the vault, and the folder of the logs."""

from dataclasses import dataclass
from pathlib import Path

from records.database import Database, LedgerTable
from records.errors import ConfigurationGap
from records.people import Vault
from records.quarantine import Quarantine
from records.settings import Settings
from records.vault_key import create_key, load_key


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
        return self.settings.home / "records"

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


def create_home(settings: Settings) -> DataHome:
    """Make a new data home with its key and tables, or open the one that is there."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    if not (settings.home / "people.db").exists() and not settings.vault_url:
        create_key(settings.key_path)
    return _opened(settings)


def open_home(settings: Settings) -> DataHome:
    """Open an existing data home. Raises ConfigurationGap when there is none, VaultError when the key does not fit."""
    if not settings.home.is_dir() or (not settings.database_url and not (settings.home / "zerodrop.db").exists()):
        raise ConfigurationGap(
            f"There is no data home at {settings.home}. Make one with `zerodrop init`. · "
            f"ไม่มีที่เก็บข้อมูลที่ {settings.home} สร้างด้วยคำสั่ง zerodrop init"
        )
    return _opened(settings)


def _opened(settings: Settings) -> DataHome:
    # Importing the modules registers their tables.
    import records.audit
    import records.erasure_tables
    import records.ledger
    import records.lists
    import records.monitoring
    import records.promotions
    import records.staff  # noqa: F401

    key = load_key(settings.key_path)
    database = Database(settings.database_address)
    database.create(LedgerTable)
    vault_database = Database(settings.vault_address)
    vault = Vault(vault_database, key)
    vault.claim(str(settings.key_path))
    quarantine = Quarantine(vault_database, key)
    return DataHome(
        settings=settings, database=database, vault=vault, quarantine=quarantine, vault_database=vault_database
    )
