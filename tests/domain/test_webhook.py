"""Events: signatures, timestamps and retries."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import webhook
from fatrina.domain.types import Millis
from fatrina.domain.webhook import (
    NONE,
    SIGNATURE,
    TOKEN,
    Subscription,
    delivery_headers,
    is_sendable_header,
)


def hmac_sha256(key: bytes, message: bytes) -> str:
    """HMAC as RFC 2104 writes it, by no library."""
    key = hashlib.sha256(key).digest() if len(key) > 64 else key
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in padded) + message).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in padded) + inner).hexdigest()


def wanted(strategy: str, secret: str) -> Subscription:
    return Subscription("n", "e", "u", strategy=strategy, secret=secret)


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [  # RFC 4231, 4.3 and 4.7
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f",
        ),
    ],
)
def test_reference_hmac_matches_rfc_4231(key: bytes, message: bytes, digest: str) -> None:
    assert hmac_sha256(key, message).startswith(digest)


@given(secret=st.text(min_size=1, max_size=200), body=st.binary(max_size=300))
def test_signature_is_hmac_sha256_of_the_body(secret: str, body: bytes) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    assert dict(delivery_headers(wanted(SIGNATURE, secret), body)) == {
        "X-Salla-Security-Strategy": "Signature",
        "X-Salla-Signature": hmac_sha256(secret.encode(), body),
    }


def test_token_strategy_sends_the_secret() -> None:
    assert dict(delivery_headers(wanted(TOKEN, "s3cret"), b"{}")) == {
        "X-Salla-Security-Strategy": "Token",
        "Authorization": "s3cret",
    }


def test_token_strategy_replaces_an_authorization_header() -> None:
    headers = (("X-A", "b"), ("authorization", "other"))
    subscription = replace(wanted(TOKEN, "s3cret"), headers=headers)
    assert delivery_headers(subscription, b"{}") == [
        ("X-A", "b"),
        ("X-Salla-Security-Strategy", "Token"),
        ("Authorization", "s3cret"),
    ]


def test_strategy_none_sends_only_the_headers_of_the_subscription() -> None:
    subscription = replace(wanted(NONE, "s3cret"), headers=(("Authorization", "mine"),))
    assert delivery_headers(subscription, b"{}") == [("Authorization", "mine")]
    assert "mine" not in repr(subscription)


@pytest.mark.parametrize("strategy", [SIGNATURE, TOKEN])
def test_no_headers_without_a_secret(strategy: str) -> None:
    assert delivery_headers(wanted(strategy, ""), b"{}") == []


def test_repr_hides_the_secret() -> None:
    assert "s3cret" not in repr(wanted(TOKEN, "s3cret"))


def test_three_attempts() -> None:
    assert [webhook.next_attempt(tries, Millis(300_000), Millis(7)) for tries in (1, 2, 3)] == [
        300_007,
        300_007,
        None,
    ]


@pytest.mark.parametrize(
    ("name", "value", "may"),
    [
        ("X-Shop", "a b", True),
        ("X-Empty", "", True),
        ("Host", "other", False),
        ("content-length", "3", False),
        ("AUTHORIZATION", "x", True),
        ("X-Salla-Signature", "x", False),
        ("", "x", False),
        ("X A", "x", False),
        ("X-A", "a\r\nX-B: c", False),
        ("X-A", "متجر", False),
        ("X-A", " a", False),
        ("X" * 65, "x", False),
    ],
)
def test_is_sendable_header(name: str, value: str, *, may: bool) -> None:
    assert is_sendable_header(name, value) is may


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(0, 0), (9, 0), (10, 300_000), (11, 600_000), (13, 2_400_000), (14, 3_600_000)],
)
def test_pauses_double_up_to_an_hour(failures: int, pause: int) -> None:
    assert webhook.pause_after(failures, Millis(300_000)) == pause


def test_pause_after_is_bounded() -> None:
    assert webhook.pause_after(10, Millis(7_200_000)) == 7_200_000
    assert webhook.pause_after(10**9, Millis(7_200_000)) == 7_200_000
    assert webhook.pause_after(10**9, Millis(300_000)) == webhook.MAX_PAUSE_MS
    assert webhook.pause_after(10**9, Millis(0)) == 0


@pytest.mark.parametrize(
    ("secret", "may"),
    [
        ("s3cret", True),
        ("Bearer a b", True),
        ("~", True),
        ("", False),
        (" a", False),
        ("a\t", False),
        ("a\nb", False),
        ("a\n", False),
        ("é", False),
        ("\x7f", False),
        ("سر", False),
    ],
)
def test_is_valid_secret(secret: str, *, may: bool) -> None:
    assert webhook.is_valid_secret(secret) is may
    assert (webhook.undeliverable_reason(wanted(TOKEN, secret)) is None) is (may or not secret)
    assert webhook.undeliverable_reason(wanted(SIGNATURE, secret)) is None
