"""Settings of the service, from COPYDESK_* environment variables."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.bundle import DEFAULT_BUNDLE
from model.errors import ConfigError


class Settings(BaseSettings):
    """Each field can be set as COPYDESK_<FIELD>; a command-line option wins over it."""

    model_config = SettingsConfigDict(env_prefix="COPYDESK_", frozen=True)

    host: str = "127.0.0.1"  # address to listen on
    port: int = Field(8000, ge=1, le=65535)
    bundle: Path = DEFAULT_BUNDLE  # directory of the model
    device: str = "auto"  # auto, cpu, cuda or mps
    max_documents: int = Field(64, ge=1)  # in one request
    max_body_bytes: int = Field(16 * 2**20, ge=1024)  # of one request
    max_document_tokens: int = Field(100_000, ge=1)  # of one document; a longer one is refused, never cut
    max_queued_tokens: int = Field(400_000, ge=1)  # waiting for the model; beyond it requests get 503
    request_timeout_s: float = Field(60.0, gt=0)  # a request that waits longer gets 504


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, with these that are not None on top. Raises ConfigError naming the variable."""
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise ConfigError(f"COPYDESK_{name.upper()}: {first['msg']}, got {first['input']!r}") from error
