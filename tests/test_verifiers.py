"""The documentation's verifiers, in their own languages, judge a webhook that was delivered."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import sample_photos
from tests.client import encode_json
from tests.stores import PREFIX, ImageInProduct, Store, run_service
from tests.webhook_receiver import ReceivedRequest, run_receiver

DOCUMENT = (Path(__file__).parents[1] / "docs" / "webhooks.md").read_text()
SECRET = "كلمة سر"
ASKED = {
    "python": (
        (sys.executable, "-c"),
        "{}\nimport sys\nsys.exit(not is_genuine(sys.stdin.buffer.read(), *sys.argv[1:]))",
    ),
    "javascript": (
        ("node", "--input-type=module", "-e"),
        (
            "{} import {{ readFileSync }} from 'fs';\n"
            "process.exit(isGenuine(readFileSync(0), ...process.argv.slice(1)) ? 0 : 1);"
        ),
    ),
    "php": (
        ("php", "-r"),
        "{} exit(isGenuine(file_get_contents('php://stdin'), $argv[1], $argv[2]) ? 0 : 1);",
    ),
}
"""How each is run, and what asks it: 0 for genuine, 1 for not."""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReceivedRequest]:
    folder = tmp_path_factory.mktemp("service")
    with run_receiver() as receiver, run_service(folder, download_allow="127.0.0.1") as service:
        image_in_product = ImageInProduct.create(Store.create(service))
        wanted = {"name": "n", "event": "product.image.updated", "url": receiver.url}
        sent = encode_json(wanted | {"secret": SECRET})
        assert (
            image_in_product.store.call("POST", PREFIX + "/webhooks/subscribe", sent).status == 200
        )
        assert (
            image_in_product.store.update(
                image_in_product.id, photo=sample_photos.png(seed=9), alt="كوب"
            ).status
            == 201
        )
        yield receiver.wait_for(1)[0]


@pytest.mark.parametrize("language", ASKED)
def test_a_verifier_tells_true_from_false(heard: ReceivedRequest, language: str) -> None:
    program, question = ASKED[language]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed: its verifier was not run")
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    asking = [*program, question.format(found[1])]
    signature = heard.headers["x-salla-signature"]
    for body, given, secret, code in (
        (heard.body, signature, SECRET, 0),
        (heard.body + b" ", signature, SECRET, 1),
        (heard.body, "0" * 64, SECRET, 1),
        (heard.body, "", SECRET, 1),
        (heard.body, signature, "another", 1),
    ):
        done = subprocess.run([*asking, given, secret], input=body, check=False)
        assert done.returncode == code
