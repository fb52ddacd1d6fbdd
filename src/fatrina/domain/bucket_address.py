"""The address of an S3-compatible bucket: `s3://NAME?endpoint=URL&region=NAME`."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Names of buckets (Amazon S3 User Guide, general purpose bucket naming rules)."""
_OPTIONS: Final = frozenset({"endpoint", "region"})


class BucketAddress(NamedTuple):
    """A bucket and the server that has it."""

    name: str
    endpoint: str = ""
    """URL of the server; empty for Amazon S3."""
    region: str = ""

    @classmethod
    def parse(cls, text: str) -> "BucketAddress":
        """Parse an address.

        Raises:
            ValueError: it is invalid; the message contains no part of it.
        """
        parts = urlsplit(text)
        if parts.scheme != "s3" or not _NAME.fullmatch(parts.netloc) or parts.path.strip("/"):
            message = "must be s3://NAME, with a valid name of a bucket"
            raise ValueError(message)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
        if unknown := set(options) - _OPTIONS or parts.fragment:
            message = f"may have the options endpoint and region only, not {len(unknown)} others"
            raise ValueError(message)
        endpoint = options.get("endpoint", "").rstrip("/")
        if endpoint:
            server = urlsplit(endpoint)
            if server.scheme not in {"http", "https"} or not server.hostname or server.username:
                message = "has an endpoint that is not an http or https URL"
                raise ValueError(message)
        return cls(parts.netloc, endpoint, options.get("region", ""))
