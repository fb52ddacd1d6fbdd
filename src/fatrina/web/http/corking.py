"""An answer's head and the beginning of its body go out as one packet."""

import asyncio
from typing import Any, Final

_HEAD: Final = b"HTTP/1.1 "
_INTERIM: Final = b"HTTP/1.1 1"  # 100 Continue: the client waits for it
_END: Final = b"\r\n\r\n"
_COPIED: Final = 65_536
"""Bytes of a body that are worth copying to spare a packet."""


class CorkedTransport(asyncio.Transport):
    """A transport that keeps a head back until what belongs to it is written.

    Two packets wake the client twice: a thumbnail costs a quarter more.
    """

    def __init__(self, below: asyncio.Transport) -> None:
        super().__init__()
        self._below = below
        self._kept = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, after a head that was kept back; keep back what looks like one."""
        data = bytes(data)
        if self._kept and len(data) <= _COPIED:
            data, self._kept = self._kept + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM) and data.endswith(_END):
            self.flush()
            self._kept = data
            return
        self.flush()
        self._below.write(data)

    def flush(self) -> None:
        """Send what is kept back: nothing else belongs to it."""
        kept, self._kept = self._kept, b""
        if kept:
            self._below.write(kept)

    def close(self) -> None:
        """Close when all is sent."""
        self.flush()
        self._below.close()

    def abort(self) -> None:
        """Close at once."""
        self._below.abort()

    def is_closing(self) -> bool:
        """Whether it is being closed, or is."""
        return self._below.is_closing()

    def pause_reading(self) -> None:
        """Take no more from the client for now."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Take more again."""
        self._below.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio knows of the connection."""
        return self._below.get_extra_info(name, default)
