"""What Fatrina does, one use case a function; `Parts` is all that they may touch."""

from dataclasses import dataclass

from fatrina.actions.clock import Clock
from fatrina.actions.webhooks.outbox import Outbox
from fatrina.adapters.database import Database
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.http_client import Downloader
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import Storage


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world of one service."""

    database: Database
    storage: Storage
    housekeeping: Housekeeping
    spool: Spool
    decoders: DecoderPool
    downloader: Downloader
    clock: Clock
    outbox: Outbox
