"""Where this deployment keeps things: read once from the environment, then passed on."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`ZERODROP_HOME` and the addresses of the databases (SQLite files in the home unless a URL is given)."""

    model_config = SettingsConfigDict(env_prefix="ZERODROP_")

    home: Path = Path("var")
    database_url: str = ""
    vault_url: str = ""
    mlflow_url: str = ""
    """A database of its own: MLflow's tables and ours cannot live in one."""
    key_file: Path | None = None

    @property
    def database_address(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'zerodrop.db'}"

    @property
    def vault_address(self) -> str:
        return self.vault_url or f"sqlite:///{self.home / 'people.db'}"

    @property
    def mlflow_address(self) -> str:
        return self.mlflow_url or f"sqlite:///{self.home.absolute() / 'mlflow' / 'mlflow.db'}"

    @property
    def key_path(self) -> Path:
        """Beside the home, never inside it: a copy of the home alone must not open the vault."""
        return self.key_file or self.home.absolute().with_name(self.home.absolute().name + ".key")
