"""Fast path for images: respond to a plain GET of a small stored file without an ASGI task."""

import re
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final

from fatrina.actions import Services, media
from fatrina.domain.access import MERCHANT_CODE
from fatrina.domain.photo import ImageFormat
from fatrina.web.http.telemetry import Metrics, get_request_id, log_delivered_image
from fatrina.web.media import CACHING_AND_SECURITY_HEADERS, NAME_GROUPS

Header = tuple[bytes, bytes]
_OTHER_RESPONSES: Final = frozenset(
    {
        *(b"if-none-match", b"if-range", b"range"),  # 206, 304 and 416
        *(b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"),
    }
)
"""Headers of a request with which the response or the connection may differ."""
_KEEP_ALIVE: Final = (b"connection", b"keep-alive")


def _format(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % each for each in headers)


class ImageFastPath:
    """Responds to `GET` of a complete image; leaves every other request to the application.

    The response is byte for byte the response of `web.media.Media`. A task, the middleware and
    the routing take twice as long as the rest of such a request.
    """

    def __init__(
        self,
        services: Services,
        metrics: Metrics,
        public_path: str,
        is_disabled: Callable[[], bool],
        *,
        log_images: bool,
    ) -> None:
        """Serve below the root and below `public_path`, unless `is_disabled` returns True."""
        paths = f"(?:{re.escape(public_path)})?/({MERCHANT_CODE})/{NAME_GROUPS}"
        self._target = re.compile(paths.encode())
        self._services = services
        self._is_disabled = is_disabled
        self._log_images = log_images
        self._observe = metrics.requests.labels("GET", "media", 200).observe
        self._default_headers: list[Header] = []
        self._start = b""
        self._constant_headers = {
            image_format.value.encode(): _format(
                (
                    *CACHING_AND_SECURITY_HEADERS,
                    (b"content-type", image_format.media_type.encode()),
                )
            )
            for image_format in ImageFormat
        }

    def respond(
        self, target: bytes, headers: list[Header], default_headers: list[Header]
    ) -> bytes | None:
        """Return the response to `GET target HTTP/1.1`; None if the application must respond.

        `headers` are those of the request, with names in lower case; `default_headers` those that
        the server adds to every response.
        """
        start = perf_counter()
        match = self._target.fullmatch(target)
        if match is None or self._is_disabled():
            return None
        for header in headers:
            if header[0] in _OTHER_RESPONSES and (header[0], header[1].lower()) != _KEEP_ALIVE:
                return None
        code, tag, extension = match.groups()
        name = b"%b.%b" % (tag, extension)
        data = media.read_small_image(self._services, code.decode(), name.decode())
        if data is None:
            return None
        if default_headers is not self._default_headers:  # replaced once a second: the date
            self._default_headers = default_headers
            self._start = b"HTTP/1.1 200 OK\r\n" + _format(default_headers)
        request_id = get_request_id(headers)
        response = b'%betag: "%b"\r\n%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b' % (
            *(self._start, tag, self._constant_headers[extension]),
            *(len(data), request_id.encode(), data),
        )
        seconds = perf_counter() - start
        self._observe(seconds)
        if self._log_images:
            log_delivered_image(request_id, target.decode(), seconds)
        return response
