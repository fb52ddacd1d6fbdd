"""The demo, run as a user runs it: the commands that it prints are executed."""

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

_END: Final = "Fatrina is serving at"
_TIMEOUT: Final = 60.0


class Demo(NamedTuple):
    """A demo that has printed its instructions and is serving."""

    output: str

    @property
    def exports(self) -> dict[str, str]:
        """The variables that it asks the user to set."""
        lines = (line for line in self.output.splitlines() if line.startswith("export "))
        named = (shlex.split(line)[1].partition("=") for line in lines)
        return {name: value for name, _, value in named}

    @property
    def curls(self) -> list[str]:
        """The commands that it prints: by file, by link, a product, a fault, the journal."""
        lines = self.output.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.startswith("curl ")]


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run the demo until it has printed its instructions; stop it with Ctrl-C afterwards."""
    program = [sys.executable, "-m", "fatrina", "demo", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        stop = Timer(_TIMEOUT, demo.kill)
        stop.start()
        try:
            yield Demo(_read(demo))
            demo.send_signal(2)
            assert demo.wait() == 130  # exit code of shells for a program ended by Ctrl-C
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


def send(demo: Demo, curl: str, status: int = 0) -> Any:
    """Send the request of a printed curl command; return the response's data."""
    for name, value in demo.exports.items():
        curl = curl.replace(f"${name}", value)
    words = shlex.split(curl.partition(" | ")[0])
    url = next(word for word in words if word.startswith("http"))
    token = next(word for word in words if word.startswith("Authorization: "))
    port, path = url.removeprefix("http://127.0.0.1:").split("/", 1)
    named = [words[at + 1].partition("=") for at, word in enumerate(words) if word == "-F"]
    fields = {name: _bytes(value) if value[0] == "@" else value for name, _, value in named}
    body = client.encode_multipart(**fields) if fields else None
    bearer = token.removeprefix("Authorization: ")
    response = client.request(
        int(port), "POST" if body else "GET", f"/{path}", body, authorization=bearer
    )
    assert response.status == (status or (201 if body else 200))
    return response.json.get("data")


def _bytes(value: str) -> bytes:
    return Path(value.removeprefix('@"').removesuffix('"')).read_bytes()


def test_the_demo_presents_updates_and_can_be_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "it's my store"
    with running_demo(folder) as first:
        assert first.output.count("→ 201 in ") == 2
        assert first.output.count("→ 422 in ") == 1
        assert "دلّة قهوة عربية، لون جديد" in first.output
        assert "Metadata of the original: none\n" in first.output
        assert first.output.count("for 30 days: 200 ") == 2
        assert "The demo stopped" not in first.output
        assert first.output.count("→ 503\n") == 1
        assert "Too many photos are waiting" in first.output
        assert "its signature is valid:" in first.output
        by_file, by_link, details, fault, journal = first.curls
        image = send(first, by_file)
        assert image["alt_seo"] == "كوب قهوة"
        assert send(first, by_link)["image"]["original"]["url"].endswith(".webp")
        product = send(first, details)
        assert [each["id"] for each in product["images"]] == [image["id"]]
        assert send(first, fault)["what"] == "503"
        assert send(first, by_file, 503) is None
        assert [entry["faults"] for entry in send(first, journal)] == [["503"], ["503"]]
    with running_demo(folder) as second:
        assert second.output.count("→ 201 in ") == 2
        assert send(second, second.curls[2])["id"] == product["id"]
        assert _run_in_shell(second, second.curls[2])["data"]["id"] == product["id"]
        assert _run_in_shell(second, second.curls[0])["data"]["id"] == image["id"]


def _run_in_shell(demo: Demo, curl: str) -> Any:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    exports = [line for line in demo.output.splitlines() if line.startswith("export ")]
    script = "\n".join([*exports, curl.replace("python3", shlex.quote(sys.executable))])
    bash = ["bash", "-c", script]
    return json.loads(subprocess.run(bash, check=True, capture_output=True).stdout)


def test_help_sets_nothing_up(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(Path(__file__).parents[1] / "scripts" / "demo", scripts)
    for option in ("--help", "-h"):
        command = [str(scripts / "demo"), "--port", "0", option]
        assert (
            "--port N" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
        )
    assert [path.name for path in tmp_path.iterdir()] == ["scripts"]


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        demo = [sys.executable, "-m", "fatrina", "demo", "--port", port, "--data", str(tmp_path)]
        done = subprocess.run(demo, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Address already in use: 127.0.0.1 port {port}. Choose another port with --port.\n"
    )
