"""The demonstration, run as a user runs it: with what it prints, copied and pasted."""

import json
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Final, NamedTuple

import pytest

from tests import client

_END: Final = "Fatrina goes on serving at"
_PATIENCE: Final = 60.0


class Show(NamedTuple):
    """A demonstration whose show is over and which goes on serving."""

    text: str

    @property
    def curls(self) -> list[str]:
        """The commands that it invites to: by file, by link, a look, a fault, the journal."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.startswith("curl ")]


@contextmanager
def shown(folder: Path) -> Iterator[Show]:
    """Run the demonstration until its show is over; stop it as Ctrl-C does, and see it end well."""
    program = [sys.executable, "-m", "fatrina", "demo", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        stop = Timer(_PATIENCE, demo.kill)
        stop.start()
        try:
            yield Show(_read(demo))
            demo.send_signal(2)
            assert demo.wait() == 130  # as shells say of what Ctrl-C ended
            assert demo.stderr
            assert not demo.stderr.read()
        finally:
            stop.cancel()
            demo.kill()


def _read(demo: "subprocess.Popen[bytes]") -> str:
    assert demo.stdout
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line.decode())
        if line.decode().startswith(_END):
            return "".join(lines)
    assert demo.stderr
    raise AssertionError("".join(lines) + demo.stderr.read().decode())


def asked(curl: str, status: int = 0) -> Any:
    """Do by hand what a printed curl line does; the answer's data."""
    words = shlex.split(curl.partition(" | ")[0])
    url = next(word for word in words if word.startswith("http"))
    token = next(word for word in words if word.startswith("Authorization: "))
    port, path = url.removeprefix("http://127.0.0.1:").split("/", 1)
    named = [words[at + 1].partition("=") for at, word in enumerate(words) if word == "-F"]
    fields = {name: _bytes(value) if value[0] == "@" else value for name, _, value in named}
    body = client.multipart(**fields) if fields else None
    bearer = token.removeprefix("Authorization: ")
    answer = client.call(
        int(port), "POST" if body else "GET", f"/{path}", body, authorization=bearer
    )
    assert answer.status == (status or (201 if body else 200))
    return answer.json.get("data")


def _bytes(value: str) -> bytes:
    return Path(value.removeprefix('@"').removesuffix('"')).read_bytes()


def test_it_shows_invites_and_can_be_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "it's my shop"
    with shown(folder) as first:
        assert first.text.count("→ 201 in ") == 2
        assert first.text.count("→ 422 in ") == 1
        assert "دلّة قهوة عربية، لون جديد" in first.text
        assert "The original says: nothing\n" in first.text
        assert first.text.count("for 30 days: 200 ") == 2
        assert "broke off" not in first.text
        assert first.text.count("→ 503\n") == 1
        assert "Too many photos are waiting" in first.text
        assert "its signature is genuine:" in first.text
        by_file, by_link, look, fault, journal = first.curls
        swapped = asked(by_file)
        assert swapped["alt_seo"] == "كوب قهوة"
        assert asked(by_link)["image"]["original"]["url"].endswith(".webp")
        product = asked(look)
        assert [image["id"] for image in product["images"]] == [swapped["id"]]
        assert asked(fault)["what"] == "503"
        assert asked(by_file, 503) is None
        assert [entry["faults"] for entry in asked(journal)] == [["503"], ["503"]]
    with shown(folder) as second:
        assert second.text.count("→ 201 in ") == 2
        assert asked(second.curls[2])["id"] == product["id"]
        assert _pasted(second.curls[2])["data"]["id"] == product["id"]
        assert _pasted(second.curls[0])["data"]["id"] == swapped["id"]


def _pasted(curl: str) -> Any:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    bash = ["bash", "-c", curl.replace("python3", shlex.quote(sys.executable))]
    return json.loads(subprocess.run(bash, check=True, capture_output=True).stdout)


def test_a_port_that_is_taken_is_told_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        demo = [sys.executable, "-m", "fatrina", "demo", "--port", port, "--data", str(tmp_path)]
        told = subprocess.run(demo, check=False, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Address already in use: 127.0.0.1 port {port}\n"
