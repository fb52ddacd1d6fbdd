"""Text that a person copies survives a shell, a double click and a command line."""

from fatrina.domain import access
from fatrina.domain.random_text import ALPHABET, SECRET, random_text


def test_it_is_letters_and_digits() -> None:
    made = {random_text(20) for _ in range(200)}
    assert len(made) == 200
    assert all(len(each) == 20 and each.isascii() and each.isalnum() for each in made)
    assert len({*"".join(made)}) == len(ALPHABET)


def test_a_secret_has_256_bits() -> None:
    assert len(ALPHABET) ** SECRET >= 2**256
    assert len(ALPHABET) ** (SECRET - 1) < 2**256


def test_a_token_is_one_word() -> None:
    for _ in range(50):
        token = access.new_token().removeprefix(access.PREFIX)
        assert len(token) == SECRET
        assert token.isascii()
        assert token.isalnum()
