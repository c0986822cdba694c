"""Settings of the service, from COPYDESK_* environment variables."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from limits import RateLimitItem, parse
from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from copydesk.model.bundles.manifest import DEFAULT_BUNDLE, bundle_directory
from copydesk.model.errors import ConfigError

MAX_DOCUMENTS = 1_000  # that `max_documents` may be set to
_DIGEST = re.compile("[0-9a-f]{64}")
_LOOPBACK = ("localhost", "::1")


class Settings(BaseSettings):
    """Each field can be set as COPYDESK_<FIELD>; a command-line option wins over it."""

    model_config = SettingsConfigDict(env_prefix="COPYDESK_", frozen=True, arbitrary_types_allowed=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    bundle: Annotated[Path, AfterValidator(bundle_directory)] = Field(
        DEFAULT_BUNDLE, description="Directory of the model, or default or fast: those that ship."
    )
    models_dir: Path | None = Field(
        None, description="Store of versions: its current one is served, and `bundle` before the first."
    )
    watch_s: float = Field(1.0, gt=0, description="Seconds between looks at which version of the store is current.")
    device: str = Field("auto", description="auto, cpu, cuda or mps.")

    shadow: str | None = Field(
        None,
        description="Version of the store that reads texts beside the current one, by the beginning of its digest; "
        "nobody gets its answers.",
    )
    shadow_share: float = Field(
        0.1, ge=0, le=1, description="Share of the texts that it reads, as far as there is room."
    )
    shadow_sample: float = Field(
        0.1, ge=0, le=1, description="Share of the texts on which the two differ that the desk takes in; 0: none."
    )

    api_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="SHA-256 digests (hex) of the keys that may ask, with commas between; none: anybody who reaches "
        'the port may. For one digest: printf %s "$KEY" | sha256sum',
    )
    admin_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="In the same manner: keys that may also reload the model."
    )
    rate_limit: Annotated[RateLimitItem | None, NoDecode] = Field(
        None, description='Such as "100/minute": per key, or per address without keys.'
    )

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks, with commas between, of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed; none: nobody's.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Names, with commas between, that requests may have as their Host, beside the loopback names and "
        "the address that the service listens on; * allows every name.",
    )

    max_documents: int = Field(64, ge=1, le=MAX_DOCUMENTS, description="Documents in one request.")
    max_body_bytes: int = Field(16 * 2**20, ge=1024, description="Bytes of one request.")
    max_document_tokens: int = Field(
        100_000, ge=1, description="Tokens of one document; a longer one is refused, never cut."
    )
    body_timeout_s: float = Field(
        20.0, gt=0, description="Seconds; a body that has not arrived whole by then gets 408."
    )
    gap_timeout_s: float = Field(
        10.0, gt=0, description="Seconds in which some part of a body must arrive; it gets 408 else."
    )
    max_pending_body_bytes: int = Field(
        64 * 2**20,
        ge=1024,
        description="Bytes that the bodies of all requests under way may have together, the first 64 KB of each not "
        "counted; beyond it requests get 503.",
    )
    header_timeout_s: float = Field(
        10.0, gt=0, description="Seconds; a connection without a whole request head by then is closed."
    )
    write_timeout_s: float = Field(
        30.0, gt=0, description="Seconds in which a client must read its answer; the connection is closed else."
    )
    max_connections: int = Field(800, ge=1, description="Open connections in all; more get 503.")
    max_connections_per_address: int = Field(
        400, ge=1, description="Open connections of one address that is no trusted proxy; more get 503."
    )
    request_timeout_s: float = Field(
        60.0, gt=0, description="Seconds; a request that takes longer gets 504; clients may ask for less."
    )
    max_queue_delay_s: float = Field(
        10.0,
        gt=0,
        description="Seconds of work that may wait; beyond it requests get 503, and a second's work waits as long as "
        "that goes on.",
    )
    min_queue_tokens: int = Field(
        64_000, ge=0, description="Tokens that may wait however slow the device: 32 clients with articles."
    )
    max_pass_s: float = Field(20.0, gt=0, description="Seconds; a forward pass that takes longer turns /readyz red.")
    drain_notice_s: float = Field(
        1.0, ge=0, description="Seconds that /readyz is red after SIGTERM before the port closes."
    )
    drain_s: float = Field(20.0, gt=0, description="Seconds that admitted requests then have to end.")

    drift_dir: Path | None = Field(
        None,
        description="Folder that keeps the sums of each window of texts, for `copydesk drift`; several services can "
        "share it. A reference of your own stands there too. None: drift is watched all the same, and forgotten.",
    )

    database_url: str | None = Field(
        None,
        description="The desk's database, such as postgresql://user@host/desk; none: the file desk.db in "
        "`COPYDESK_DESK_DIR`.",
    )
    desk_dir: Path = Field(Path("desk"), description="Folder of the desk: its database, and its trainings.")
    desk_configs: Annotated[tuple[str, ...], NoDecode] = Field(
        ("topics", "few_shot"),
        description="Training configurations that may be asked for at the desk, with commas between: names of those "
        "that ship, or TOML files.",
    )
    desk_keep_days: float | None = Field(
        None, gt=0, description="Days after which the desk erases a story with all that hangs on it; none: never."
    )
    desk_lease_s: float = Field(
        900.0, gt=0, description="Seconds that a story is held for whoever reads it; an open page holds it for longer."
    )
    desk_session_s: float = Field(7 * 86_400.0, gt=0, description="Seconds after which one has to sign in again.")
    desk_max_upload_bytes: int = Field(
        32 * 2**20, ge=1024, description="Bytes of the files that are handed in at once."
    )
    desk_user_header: str | None = Field(
        None,
        description="Header in which a proxy, named in `COPYDESK_TRUSTED_PROXIES`, says who has signed in there; "
        "dropped when anybody else sends it.",
    )
    desk_user_role: Literal["reader", "annotator", "editor", "admin"] = Field(
        "annotator", description="Role of somebody whom the proxy names for the first time."
    )
    desk_sample: float = Field(
        0.0, ge=0, le=1, description="Share of the documents sent to the endpoint that the desk takes in; 0: none."
    )
    desk_sample_project: str | None = Field(None, description="Project that takes them in; none: the first one.")

    @field_validator("api_keys", "admin_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        digests = tuple(map(str.lower, _split(value)))
        if not digests:
            raise ValueError("set, but empty; unset it, or give the SHA-256 digests of your keys")
        if not all(map(_DIGEST.fullmatch, digests)):
            raise ValueError("expected SHA-256 digests of 64 hex digits with commas between, never the keys themselves")
        return digests

    @field_validator("trusted_proxies", "allowed_hosts", "desk_configs", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return _split(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)  # raises a ValueError that names it
        return value

    @field_validator("rate_limit", mode="before")
    @classmethod
    def _parse_rate(cls, value: object) -> object:
        return parse(value) if isinstance(value, str) else value

    @property
    def is_local(self) -> bool:
        """Only programs on this machine reach the port."""
        return self.host in _LOOPBACK or self.host.startswith("127.")


def _split(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, with these that are not None on top. Raises ConfigError naming the variable."""
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        got = "" if name in ("api_keys", "admin_keys") else f", got {first['input']!r}"  # it may hold a key in clear
        raise ConfigError(f"COPYDESK_{name.upper()}: {first['msg'].removeprefix('Value error, ')}{got}") from error
