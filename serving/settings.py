"""Settings of the service: operations, from the environment."""

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.logs import LogFormat

#: Names the folder of files that stand for variables that are not set.
SECRETS_FOLDER = "SHORTLIST_SECRETS_DIR"


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
    max_bulk_bytes : int
        The same, for reports of many rows (NDJSON).
    page_cache_bytes : int
        How much memory encoded pages may take.
    global_control_share : float
        Share of all customers that no list reaches, drawn anew each quarter.
    hold_purchases : bool
        Whether who has bought what is held in memory: 4 bytes a customer and product.
    job_lease_s : float
        A job whose process has said nothing for so long is taken over.
    job_patience_s : float
        So long a job under way may take to end when the service stops.
    log_format : {"text", "json"}
        The log on stderr: for people, or a line of JSON for each request and error.
    """

    model_config = SettingsConfigDict(env_prefix="SHORTLIST_", frozen=True)

    artifacts: Path = Path("artifacts")
    database_url: SecretStr | None = None
    max_body_bytes: int = Field(default=1_048_576, gt=0)
    max_bulk_bytes: int = Field(default=16 * 1_048_576, gt=0)
    page_cache_bytes: int = Field(default=64 * 1_048_576, ge=0)
    global_control_share: float = Field(default=0.0, ge=0, lt=1)
    hold_purchases: bool = True
    job_lease_s: float = Field(default=30.0, gt=0)
    job_patience_s: float = Field(default=20.0, ge=0)
    log_format: LogFormat = "text"

    @property
    def state_url(self) -> str | None:
        """The address of the state database, with its password if it has one."""
        return self.database_url.get_secret_value() if self.database_url else None


class InvalidSettingsError(ValueError):
    """A variable of the environment does not hold what it should."""


def read_settings(artifacts: Path) -> ServingSettings:
    """Return the settings of the environment for the project that owns `artifacts`.

    Raises
    ------
    InvalidSettingsError
        If a variable does not hold what it should; its value is not repeated.
    """
    try:
        # Docker and systemd hand secrets over as files, each named for its variable.
        secrets = os.environ.get(SECRETS_FOLDER)
        return ServingSettings(artifacts=artifacts, _secrets_dir=secrets)  # type: ignore[call-arg]  # it is taken
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"SHORTLIST_{first['loc'][0]}".upper()
        raise InvalidSettingsError(
            f"{name}: {first['msg']}. Change it, or unset it for the default."
        ) from None
