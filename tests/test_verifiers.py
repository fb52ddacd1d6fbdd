"""The signature verifiers in docs/webhooks.md, in three languages, with a delivered webhook."""

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
SECRET = "مفتاح سري"
RUNNERS = {
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
"""For each language: a command, and code that calls the verifier; exit code 0 means genuine."""


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReceivedRequest]:
    folder = tmp_path_factory.mktemp("service")
    with run_receiver() as receiver, run_service(folder, download_allow="127.0.0.1") as service:
        image_in_product = ImageInProduct.create(Store.create(service))
        subscription = {"name": "n", "event": "product.image.updated", "url": receiver.url}
        body = encode_json(subscription | {"secret": SECRET})
        assert (
            image_in_product.store.call("POST", PREFIX + "/webhooks/subscribe", body).status == 200
        )
        assert (
            image_in_product.store.update(
                image_in_product.id, photo=sample_photos.png(seed=9), alt="كوب"
            ).status
            == 201
        )
        yield receiver.wait_for(1)[0]


@pytest.mark.parametrize("language", RUNNERS)
def test_verifier_accepts_only_genuine_webhooks(webhook: ReceivedRequest, language: str) -> None:
    program, code_template = RUNNERS[language]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed: its verifier was not run")
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    command = [*program, code_template.format(found[1])]
    signature = webhook.headers["x-salla-signature"]
    for body, header, secret, exit_code in (
        (webhook.body, signature, SECRET, 0),
        (webhook.body + b" ", signature, SECRET, 1),
        (webhook.body, "0" * 64, SECRET, 1),
        (webhook.body, "", SECRET, 1),
        (webhook.body, signature, "another", 1),
    ):
        process = subprocess.run([*command, header, secret], input=body, check=False)
        assert process.returncode == exit_code
