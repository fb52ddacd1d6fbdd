"""Thousands of uploads that stand still, from one process: `python -m benchmarks.crowd`.

Reads a plan (JSON), sends each upload's first bytes, says so, waits for a line on its input, and
then tells how many the server has cut off by then.
"""

import json
import resource
import select
import socket
import sys
import time
from typing import Any


def main(plan: dict[str, Any]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    start = plan["start"].encode() + bytes(plan["bytes"])
    sockets, failed = [], 0
    begun = time.monotonic()
    for _ in range(plan["count"]):
        try:
            line = socket.create_connection((plan["host"], plan["port"]), 30)
            line.sendall(start)
        except OSError:
            failed += 1
            continue
        sockets.append(line)
    tell(open=len(sockets), failed=failed, seconds=time.monotonic() - begun)
    for command in sys.stdin:
        if command.strip() == "cut":
            tell(cut=_cut(sockets))
        else:
            return


def _cut(sockets: list[socket.socket]) -> int:
    poll = select.poll()
    for line in sockets:
        poll.register(line, select.POLLIN)
    return len(poll.poll(0))


def tell(**facts: float) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
