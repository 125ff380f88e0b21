"""Where this deployment keeps things: read once from the environment, then passed on."""

from pathlib import Path

from pydantic import Field
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
    second_factor_roles: tuple[str, ...] = (
        "department_head",
        "committee",
        "counsellor",
        "scholarship",
        "director",
        "province",
        "analyst",
        "data_steward",
        "admin",
    )
    """Who needs an authenticator app beside the password (as JSON in the environment): all but advisors."""
    # sign-in by an identity provider
    oidc_issuer: str = ""
    """Exactly as the provider's discovery document names itself; empty: local accounts alone."""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    """A file that only the service's account may read; none for a client without a secret."""
    oidc_label_th: str = "บัญชีของหน่วยงาน"
    oidc_label_en: str = "your organisation's account"
    keep_scores_days: int = Field(default=140, ge=14)
    """Scores and reasons are deleted a term of 20 weeks after their as_of."""
    keep_care_days: int = Field(default=365, ge=140)
    """Contacts, ratings, visits and plans are deleted a year after their day: what a term's care did is known a term later."""
    keep_audit_days: int = Field(default=730, ge=90)
    keep_sessions_days: int = Field(default=90, ge=8)
    keep_quarantine_days: int = Field(default=180, ge=1)

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
