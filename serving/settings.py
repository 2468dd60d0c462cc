"""Settings of the service: operations, from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServingSettings(BaseSettings):
    """How the service runs here; read once from `SHORTLIST_...` and then frozen.

    Attributes
    ----------
    artifacts : Path
        The folder that holds everything produced.
    database_url : SecretStr, optional
        Where the state lies; `artifacts/state.db` by default.
    max_body_bytes : int
        A longer request body is refused.
    page_cache_bytes : int
        How much memory encoded pages may take.
    """

    model_config = SettingsConfigDict(env_prefix="SHORTLIST_", frozen=True)

    artifacts: Path = Path("artifacts")
    database_url: SecretStr | None = None
    max_body_bytes: int = Field(default=1_048_576, gt=0)
    page_cache_bytes: int = Field(default=64 * 1_048_576, ge=0)

    @property
    def state_url(self) -> str | None:
        """The address of the state database, with its password if it has one."""
        return self.database_url.get_secret_value() if self.database_url else None
