"""Open thousands of stalled uploads from one process: `python -m benchmarks.crowd`.

It reads a plan (JSON), sends the first bytes of each upload, prints a result, waits for a line on
standard input, and then prints how many uploads the server has disconnected.
"""

import json
import resource
import select
import socket
import sys
import time
from typing import Any


def main(plan: dict[str, Any]) -> None:
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, maximum))
    start = plan["start"].encode() + bytes(plan["bytes"])
    sockets, failed = [], 0
    started = time.monotonic()
    for _ in range(plan["count"]):
        try:
            connection = socket.create_connection((plan["host"], plan["port"]), 30)
            connection.sendall(start)
        except OSError:
            failed += 1
            continue
        sockets.append(connection)
    output(open=len(sockets), failed=failed, seconds=time.monotonic() - started)
    for command in sys.stdin:
        if command.strip() == "count":
            output(disconnected=_disconnected(sockets))
        else:
            return


def _disconnected(sockets: list[socket.socket]) -> int:
    poll = select.poll()
    for connection in sockets:
        poll.register(connection, select.POLLIN)
    return len(poll.poll(0))


def output(**values: float) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
