"""An S3 fake in this process (moto): it shows which requests arrive, not that bytes are durable."""

import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import quote

from moto.server import ThreadedMotoServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testaccess",
    "AWS_SECRET_ACCESS_KEY": "testsecret0123456789",
}


class S3Server:
    """A running server with any number of buckets."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)

    def create_bucket(self) -> str:
        """Create an empty bucket; return its address for FATRINA_BUCKET."""
        name = f"bucket-{next(self._numbers)}"
        self.request("PUT", f"/{name}")
        return self.address(name)

    def address(self, name: str, port: int = 0) -> str:
        """Return the address of a bucket, by the port of a proxy if one is given."""
        endpoint = quote(f"http://127.0.0.1:{port or self.port}", safe="")
        return f"s3://{name}?endpoint={endpoint}&region=us-east-1"

    def request(self, method: str, path: str) -> dict[str, str]:
        """Send a request without a signature; return the headers of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status < 300, response.status
        return {name.lower(): value for name, value in response.getheaders()}


@contextmanager
def run_s3_server() -> Iterator[S3Server]:
    """Run a server on a free port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield S3Server(port)
    finally:
        server.stop()
