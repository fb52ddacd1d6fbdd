"""Every knob, read once from the environment (`FATRINA_*`) into one frozen value."""

import os
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fatrina.domain.address_policy import AddressPolicy

SECRETS: Final = frozenset({"admin_token"})
"""Settings whose values appear in no message."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{16,512}")


class Settings(BaseSettings):
    """The service's settings; each field's description is its line in the documentation."""

    model_config = SettingsConfigDict(
        env_prefix="FATRINA_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    data: Path = Field(Path("data"), description="Folder of the database and the pictures.")
    public_url: str = Field(
        "",
        description="Where clients reach this service, or the CDN in front of it: the base of "
        "every picture's URL. Empty: http://HOST:PORT.",
    )
    photo_optional: bool = Field(
        default=False,
        description="Let Update Image change alt, sort or default alone, without a photo.",
    )
    photo_bytes: int = Field(20_000_000, gt=0, description="Most bytes of a photo.")
    photo_pixels: int = Field(
        100_000_000, gt=0, description="Most pixels of a photo that is decoded as a stream."
    )
    photo_pixels_whole: int = Field(
        40_000_000,
        gt=0,
        description="Most pixels of a photo that must be held whole: progressive JPEG, interlaced "
        "PNG, WebP, GIF, AVIF.",
    )
    photo_pixels_heic: int = Field(
        50_000_000, gt=0, description="Most pixels of a HEIC photo; phones make 48 to 50 million."
    )
    photo_side: int = Field(24_000, gt=0, le=65_500, description="Longest side of a photo.")
    photo_frames: int = Field(500, gt=0, description="Most frames of an animation.")
    alt_length: int = Field(500, gt=0, description="Most characters of an alternative text.")
    decoders: int = Field(
        0, ge=0, description="Decoder processes. 0: as many as there are processor cores."
    )
    decoder_seconds: float = Field(
        8.0, gt=0, description="Most seconds of decoding; then the decoder is killed."
    )
    decoder_memory: int = Field(
        560_000_000, ge=192_000_000, description="Most bytes of memory a decoder may take."
    )
    decoder_queue: int = Field(
        32, gt=0, description="Most photos that wait for a decoder; the next are told to come back."
    )
    upload_idle: float = Field(
        30.0, gt=0, description="Seconds without a byte after which an upload is cut."
    )
    upload_seconds: float = Field(
        600.0, gt=0, description="Most seconds that a whole upload may take."
    )
    incoming_bytes: int = Field(
        8_000_000_000, gt=0, description="Most bytes of all uploads under way together."
    )
    download_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts, host:port and networks, separated by commas, from which links may "
        "fetch, and events be delivered, though they are not public. For development.",
    )
    download_seconds: float = Field(
        20.0, gt=0, description="Most seconds of fetching a link, redirects included."
    )
    download_redirects: int = Field(5, ge=0, description="Most redirects of a link.")
    downloads: int = Field(16, gt=0, description="Most links fetched at once.")
    webhook_seconds: float = Field(
        30.0, gt=0, description="Most seconds that delivering an event may take."
    )
    webhook_pause: float = Field(
        300.0, ge=0, description="Seconds between two of the three tries to deliver an event."
    )
    keep_days: float = Field(
        30.0, ge=0, description="Days that a replaced or removed picture and its URLs are kept."
    )
    rate_limits: bool = Field(
        default=False,
        description="Limit what each merchant may ask, by the merchant's plan, as the real API "
        "does.",
    )
    admin_token: str = Field(
        "",
        repr=False,
        description="Token of the controls below /_fatrina: 16 characters or more, 8 of them "
        "different, none that is easily guessed. Empty: there are none.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("download_allow", mode="before")
    @classmethod
    def _parse_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("download_allow")
    @classmethod
    def _understood(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AddressPolicy.parse(value)
        return value

    @field_validator("admin_token")
    @classmethod
    def _sendable(cls, value: str) -> str:
        if value and not _TOKEN.fullmatch(value):
            message = "must be 16 to 512 letters, digits or ._~+/=-"
            raise ValueError(message)
        return value

    @property
    def base(self) -> str:
        """The base of every picture's URL, without a slash at the end."""
        return self.public_url.rstrip("/") or self.here

    @property
    def here(self) -> str:
        """Where the service answers on this machine, without a slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}"

    @property
    def decoder_count(self) -> int:
        """How many decoder processes to run."""
        return self.decoders or len(os.sched_getaffinity(0))
