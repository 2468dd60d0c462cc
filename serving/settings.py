"""Settings of the service: operations, from the environment."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.logs import LogFormat
from serving.tokens import TokenRules

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
    rate_limit_per_minute : int
        A key that asks more often is refused for the rest of its minute; 0 counts nothing.
    oidc_issuer, oidc_audience, oidc_jwks_url : str, optional
        Whose bearer tokens are taken, whom they have to name, and where the issuer's keys are;
        all three, or no token is taken.
    oidc_scope_claim, oidc_scope_prefix : str
        The claim that holds scopes, and what stands before ours in it.
    oidc_leeway_s : float
        So far clocks may be apart.
    webhooks_allow : str
        Hosts, separated by commas, that webhooks may lead to wherever they are, without TLS.
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
    webhooks_allow: str = ""
    log_format: LogFormat = "text"

    rate_limit_per_minute: int = Field(default=60_000, ge=0)
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    oidc_scope_claim: str = Field(default="scope", min_length=1)
    oidc_scope_prefix: str = ""
    oidc_leeway_s: float = Field(default=60.0, ge=0, le=300)

    @model_validator(mode="after")
    def _trusts_one_issuer(self) -> Self:
        three = (self.oidc_issuer, self.oidc_audience, self.oidc_jwks_url)
        if any(three) and not all(three):
            raise ValueError("set OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL together")
        address = urlsplit(self.oidc_jwks_url or "")
        if (
            address.scheme == "https"
            or (address.scheme, address.hostname) in _HERE
            or not any(three)
        ):
            return self
        raise ValueError("OIDC_JWKS_URL has to begin with https://")

    @property
    def token_rules(self) -> TokenRules | None:
        """Which tokens are taken; none where no issuer is trusted."""
        if not self.oidc_issuer or not self.oidc_audience:
            return None
        return TokenRules(
            issuer=self.oidc_issuer,
            audience=self.oidc_audience,
            scope_claim=self.oidc_scope_claim,
            scope_prefix=self.oidc_scope_prefix,
            leeway=timedelta(seconds=self.oidc_leeway_s),
        )

    def shared_by(self, workers: int) -> Self:
        """Return the settings of one of some workers: each counts alone, and allows its part.

        Examples
        --------
        >>> ServingSettings(rate_limit_per_minute=600).shared_by(4).rate_limit_per_minute
        150
        """
        part = -(-self.rate_limit_per_minute // workers)
        return self.model_copy(update={"rate_limit_per_minute": part})

    @property
    def state_url(self) -> str | None:
        """The address of the state database, with its password if it has one."""
        return self.database_url.get_secret_value() if self.database_url else None


#: Where keys may be read without TLS: on this machine alone.
_HERE = {("http", "127.0.0.1"), ("http", "localhost"), ("http", "::1")}


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
        secrets: dict[str, Any] = {"_secrets_dir": os.environ.get(SECRETS_FOLDER)}
        return ServingSettings(artifacts=artifacts, **secrets)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"SHORTLIST_{first['loc'][0] if first['loc'] else 'OIDC_...'}".upper()
        raise InvalidSettingsError(
            f"{name}: {first['msg']}. Change it, or unset it for the default."
        ) from None
