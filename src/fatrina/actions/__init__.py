"""The use cases, one function each; `Services` holds everything they may access."""

from dataclasses import dataclass, field

from fatrina.actions.clock import Clock
from fatrina.actions.idempotency import NullRecorder, Recorder
from fatrina.actions.webhooks.outbox import Outbox
from fatrina.adapters.database import Database
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.http_client import Downloader
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import Storage


@dataclass(frozen=True, slots=True)
class Services:
    """The adapters, the clock, the outbox and the recorder of one service."""

    database: Database
    storage: Storage
    housekeeping: Housekeeping
    spool: Spool
    decoders: DecoderPool
    downloader: Downloader
    clock: Clock
    outbox: Outbox
    recorder: Recorder = field(default_factory=NullRecorder)
    """Replaced for a request whose response is stored."""
