"""Random text consists of letters and digits, and a secret has 256 bits."""

from fatrina.actions.access import generate_token
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.domain.access import TOKEN_PREFIX
from fatrina.domain.text import ALPHANUMERIC


def test_random_text_is_alphanumeric() -> None:
    texts = {random_text(20) for _ in range(200)}
    assert len(texts) == 200
    assert all(len(text) == 20 and text.isascii() and text.isalnum() for text in texts)
    assert len({*"".join(texts)}) == len(ALPHANUMERIC)


def test_secret_has_256_bits() -> None:
    assert len(ALPHANUMERIC) ** SECRET_LENGTH >= 2**256
    assert len(ALPHANUMERIC) ** (SECRET_LENGTH - 1) < 2**256


def test_token_is_prefix_and_secret() -> None:
    for _ in range(50):
        token = generate_token()
        assert token.startswith(TOKEN_PREFIX)
        secret = token.removeprefix(TOKEN_PREFIX)
        assert len(secret) == SECRET_LENGTH
        assert secret.isascii()
        assert secret.isalnum()
