"""The settings: environment variables `FATRINA_*`, parsed into one immutable object."""

import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fatrina.domain.address_policy import AddressPolicy
from fatrina.domain.bucket_address import BucketAddress

SECRETS: Final = frozenset({"admin_token", "database", "database_direct"})
"""Settings whose values must not appear in messages."""
_ADMIN_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{16,512}")

CA_FILE: Final = "ca.pem"
CERTIFICATE_FILE: Final = "server.pem"
KEY_FILE: Final = "server.key"
"""Files in the directory `tls`."""


class Settings(BaseSettings):
    """Settings of the service; the descriptions of the fields are printed in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="FATRINA_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(
        8000, ge=0, le=65535, description="TCP port to listen on; 0 selects a free port."
    )
    data: Path = Field(Path("data"), description="Directory of the database and the stored images.")
    database: str = Field(
        "",
        repr=False,
        description="Address of a PostgreSQL database, a libpq connection URI: "
        "postgresql://USER:PASSWORD@HOST/NAME. Empty: an SQLite file in the data directory.",
    )
    database_direct: str = Field(
        "",
        repr=False,
        description="Address of the same PostgreSQL database without a transaction pooler such as "
        "PgBouncer, for locks that outlast a transaction. Empty: FATRINA_DATABASE.",
    )
    bucket: str = Field(
        "",
        description="S3-compatible bucket of the images: s3://NAME?endpoint=URL&region=NAME, with "
        "credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Empty: the data directory.",
    )
    bucket_bulk_delete: bool = Field(
        default=True,
        description="Delete up to 1,000 files of the bucket by one request. Set it to false for "
        "servers that do not implement this.",
    )
    migrate: Literal["auto", "check"] = Field(
        "auto",
        description="auto: a start migrates older tables. check: a start fails if the tables are "
        "older; run fatrina migrate first.",
    )
    public_url: str = Field(
        "",
        description="Public base URL of this service, or of the CDN in front of it; all image "
        "URLs begin with it. Empty: http://HOST:PORT.",
    )
    photo_required: bool = Field(
        default=False,
        description="Reject Update Image requests without a photo, as the contract's text says. "
        "By default, alt, sort and default can be changed alone, as published clients do.",
    )
    photo_bytes: int = Field(20_000_000, gt=0, description="Maximum size of a photo in bytes.")
    photo_pixels: int = Field(
        100_000_000,
        gt=0,
        description="Maximum pixels of a photo that can be decoded as a stream: baseline JPEG, "
        "non-interlaced PNG.",
    )
    photo_pixels_whole: int = Field(
        40_000_000,
        gt=0,
        description="Maximum pixels of a photo that the decoder must hold in memory: progressive "
        "JPEG, interlaced PNG, WebP, GIF, AVIF.",
    )
    photo_pixels_heic: int = Field(
        50_000_000,
        gt=0,
        description="Maximum pixels of a HEIC photo. Phones take photos of 48 to 50 million "
        "pixels.",
    )
    photo_side: int = Field(
        24_000,
        gt=0,
        le=65_500,
        description="Maximum length of the longer side of a photo in pixels.",
    )
    photo_frames: int = Field(500, gt=0, description="Maximum number of frames of an animation.")
    alt_length: int = Field(
        70,
        gt=0,
        description="Maximum length of an alternative text in characters. The default is the "
        "real API's limit, as a published client states it.",
    )
    decoders: int = Field(
        0, ge=0, description="Number of decoder processes. 0: one per available CPU core."
    )
    decoder_seconds: float = Field(
        8.0,
        gt=0,
        description="Maximum seconds for decoding one photo; after that, the decoder process is "
        "killed.",
    )
    decoder_memory: int = Field(
        560_000_000, ge=192_000_000, description="Maximum memory of a decoder process in bytes."
    )
    decoder_queue: int = Field(
        32,
        gt=0,
        description="Maximum number of photos that wait for a decoder; further requests get 503 "
        "with Retry-After.",
    )
    upload_idle: float = Field(
        30.0,
        gt=0,
        description="Maximum seconds between two chunks of an upload; a slower upload gets 408.",
    )
    upload_seconds: float = Field(
        600.0, gt=0, description="Maximum seconds for a complete upload; a slower upload gets 408."
    )
    incoming_bytes: int = Field(
        8_000_000_000,
        gt=0,
        description="Maximum total size of all uploads in progress, in bytes; further uploads get "
        "503.",
    )
    download_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Non-public addresses that photo links and webhooks may use: hosts, host:port "
        "and networks, separated by commas. For development.",
    )
    download_seconds: float = Field(
        20.0,
        gt=0,
        description="Maximum seconds for downloading a linked photo, including redirects.",
    )
    download_redirects: int = Field(
        5, ge=0, description="Maximum number of redirects of a photo link."
    )
    downloads: int = Field(
        16,
        gt=0,
        description="Maximum number of linked photos that are downloaded at the same time.",
    )
    webhook_seconds: float = Field(
        30.0, gt=0, description="Maximum seconds for one attempt to deliver an event."
    )
    webhook_pause: float = Field(
        300.0, ge=0, description="Seconds between the three attempts to deliver an event."
    )
    keep_days: float = Field(
        30.0, ge=0, description="Days for which a replaced or removed image and its URLs are kept."
    )
    sweep_hour: int = Field(
        3,
        ge=-1,
        le=23,
        description="Hour of the day, in UTC, in which the service sweeps once; with several "
        "nodes, one of them. -1: only `fatrina sweep` does.",
    )
    rate_limits: bool = Field(
        default=False,
        description="Limit the requests of each merchant by its plan, as the real API does.",
    )
    admin_token: str = Field(
        "",
        repr=False,
        description="Token of the admin endpoints below /_fatrina: 16 to 512 characters, at least "
        "8 different ones, not easy to guess. Empty: no admin endpoints.",
    )
    contract_only: bool = Field(
        default=False,
        description="Disable all extensions of the contract: versions, restore, conditional "
        "requests and the others that docs/api.md lists.",
    )
    require_if_match: bool = Field(
        default=False,
        description="Reject updates, deletions, restores and orders of images without an If-Match "
        "header.",
    )
    idempotency_hours: float = Field(
        24.0,
        gt=0,
        le=8760,
        description="Hours for which the response to a request with an Idempotency-Key is kept.",
    )
    log_images: bool = Field(
        default=False,
        description="Log a line for each delivered image. Metrics count all of them, and errors "
        "are always logged.",
    )
    stubs: Path | None = Field(
        None,
        description="Directory of canned responses for endpoints of the real API that Fatrina does "
        "not implement. Empty: such requests get the error `not_emulated`.",
    )
    tls: Path | None = Field(
        None,
        description="Directory of a certificate from `fatrina tls`: the service speaks HTTPS only, "
        "also as the hosts of the real API. Empty: HTTP.",
    )
    log_level: str = Field(
        "info", description="Lowest level of events that are logged: debug, info, warning or error."
    )

    @field_validator("download_allow", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("download_allow")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AddressPolicy.parse(value)
        return value

    @field_validator("database", "database_direct")
    @classmethod
    def _check_database(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://")):
            message = "must begin with postgresql://"
            raise ValueError(message)
        return value

    @field_validator("bucket")
    @classmethod
    def _check_bucket(cls, value: str) -> str:
        if value:
            BucketAddress.parse(value)
        return value

    @field_validator("admin_token")
    @classmethod
    def _check_admin_token(cls, value: str) -> str:
        if value and not _ADMIN_TOKEN.fullmatch(value):
            message = "must be 16 to 512 letters, digits or ._~+/=-"
            raise ValueError(message)
        return value

    @property
    def base(self) -> str:
        """The base URL of all images, without a trailing slash."""
        return self.public_url.rstrip("/") or self.here

    @property
    def here(self) -> str:
        """The URL of the service on this machine, without a trailing slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host}:{self.port}"

    @property
    def decoder_count(self) -> int:
        """The number of decoder processes to start."""
        return self.decoders or len(os.sched_getaffinity(0))
