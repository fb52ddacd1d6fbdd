"""Requests as clients' HTTP libraries really write them, byte for byte but for the photo."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests import drawn
from tests.client import Line
from tests.shop import Hung

PHOTO = drawn.png(seed=21)

# Each writes the form {photo, sort: 3, alt: ALT} in its own hand.

Form = tuple[str, bytes]
Parts = list[tuple[str, bytes]]
ALT = "Alt نص"
DATA = "Content-Disposition: form-data; name="
TEXTS: Parts = [(f'{DATA}"sort"', b"3"), (f'{DATA}"alt"', ALT.encode())]


def written(end: str, *parts: tuple[str, bytes], quoted: bool = False) -> Form:
    body = b"".join(
        f"--{end}\r\n{head}\r\n\r\n".encode("utf-8", "surrogateescape") + data + b"\r\n"
        for head, data in parts
    )
    kind = "multipart/form-data; boundary=" + (f'"{end}"' if quoted else end)
    return kind, body + f"--{end}--\r\n".encode()


def guzzle(photo: bytes) -> Form:
    """PHP: Guzzle's MultipartStream states the length of every part."""
    named: Parts = [(f'{DATA}"photo"; filename="photo.png"', photo), *TEXTS]
    measured = [(f"{head}\r\nContent-Length: {len(data)}", data) for head, data in named]
    return written("8f1e9bd9b1b5e2c3a1d4", *measured)


def dotnet(photo: bytes) -> Form:
    """.NET: MultipartFormDataContent quotes its boundary and none of its names."""
    file = f"Content-Type: image/jpeg\r\n{DATA}photo; filename={{}}; filename*={{}}".format(
        '"=?utf-8?B?2LXZiNix2KkucG5n?="', "utf-8''%D8%B5%D9%88%D8%B1%D8%A9.png"
    )
    text = f"Content-Type: text/plain; charset=utf-8\r\n{DATA}"
    texts = [(f"{text}sort", b"3"), (f"{text}alt", ALT.encode())]
    return written("c4a9fbb9-7e1c-4c3e-9a4a-2f0c6b1b7a55", (file, photo), *texts, quoted=True)


def browser(photo: bytes) -> Form:
    """A browser's FormData: the file's name in UTF-8, quotes in it percent-encoded."""
    file = f'{DATA}"photo"; filename="صورة %22جديدة%22.png"\r\nContent-Type: image/png'
    return written("----WebKitFormBoundaryePkpFF7tjBAqx29L", (file, photo), *TEXTS)


def requests(photo: bytes) -> Form:
    """Python's requests: texts first, and of the file no type."""
    file = f'{DATA}"photo"; filename="photo"'
    return written("4f0c8d2b6a1e9c3f7d5b8a6e4c2f0d1b", *TEXTS, (file, photo))


def curl(photo: bytes) -> Form:
    """Curl: dashes before the boundary, and a type that it guesses."""
    file = f'{DATA}"photo"; filename="profile.jpeg"\r\nContent-Type: image/jpeg'
    return written("------------------------kZ0W2gIWS0vD5ZbGgS8dnA", (file, photo), *TEXTS)


def old_windows(photo: bytes) -> Form:
    """Something old: a path in cp1256 as the file's name, small letters, words around the parts."""
    path = "C:\\صور\\a.png".encode("cp1256").decode("utf-8", "surrogateescape")
    file = f'{DATA.lower()}"photo"; filename="{path}"\r\ncontent-transfer-encoding: binary'
    _, body = written("=_end", (file, photo), *TEXTS)
    around = b"This is a multi-part message.\r\n" + body + b"and an epilogue"
    return 'Multipart/Form-Data;boundary="=_end"', around


def nameless(photo: bytes) -> Form:
    """Something that gives its file neither a name nor a type."""
    return written("x", (f'{DATA}"photo"', photo), *TEXTS)


def typed(photo: bytes) -> Form:
    """Something that gives its file a type and no name, beside files that nobody asked for."""
    stranger = (f'{DATA}"file"; filename="b.png"\r\nContent-Type: image/png', drawn.png(seed=22))
    nothing = (f'{DATA}"thumbnail"; filename=""\r\nContent-Type: image/png', b"")
    file = (f'{DATA}"photo"\r\nContent-Type: application/octet-stream', photo)
    return written("x", stranger, file, nothing, *TEXTS)


CLIENTS = [guzzle, dotnet, browser, requests, curl, old_windows, nameless, typed]
Client = Callable[[bytes], Form]


def head(hung: Hung, kind: str, size: int) -> bytes:
    return hung.shop.head("POST", hung.path, content_type=kind, content_length=str(size))


def must_be_taken(hung: Hung, line: Line) -> None:
    data = line.answer().data
    assert (data["sort"], data["alt_seo"]) == (3, ALT)
    original = hung.shop.service.get(data["image"]["original"]["url"])
    assert original.body == PHOTO


@pytest.mark.parametrize("client", CLIENTS)
def test_a_clients_form(hung: Hung, client: Client) -> None:
    kind, body = client(PHOTO)
    with hung.shop.line() as line:
        line.send(head(hung, kind, len(body)) + body)
        must_be_taken(hung, line)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_that_comes_in_pieces(hung: Hung, client: Client) -> None:
    kind, body = client(PHOTO)
    with hung.shop.line() as line:
        line.send(head(hung, kind, len(body)))
        start = body.index(PHOTO)
        # What tells one thing from another is cut through: names, ends, the photo's first bytes.
        end = start + len(PHOTO)
        cuts = [0, 3, start - 2, start, start + 1, start + 600, end - 1, end + 1, end + 5]
        for begin, until in pairwise([*cuts, len(body)]):
            line.send(body[begin:until])
            hung.shop.service.get("/health")  # lets the piece arrive by itself
        must_be_taken(hung, line)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_form_in_chunks(hung: Hung, client: Client) -> None:
    kind, body = client(PHOTO)
    with hung.shop.line() as line:
        sent = {"content_type": kind, "transfer_encoding": "chunked", "expect": "100-continue"}
        line.send(hung.shop.head("POST", hung.path, **sent))
        assert line.answer().status == 100
        for at in range(0, len(body), 1000):
            piece = body[at : at + 1000]
            line.send(b"%x;name=value\r\n%b\r\n" % (len(piece), piece))
        line.send(b"0\r\nTrailer: x\r\n\r\n")
        must_be_taken(hung, line)


def test_a_browsers_form_with_no_file_chosen(hung: Hung) -> None:
    file = f'{DATA}"photo"; filename=""\r\nContent-Type: application/octet-stream'
    kind, body = written("----WebKitFormBoundary", (file, b""), *TEXTS)
    with hung.shop.line() as line:
        line.send(head(hung, kind, len(body)) + body)
        answer = line.answer()
    assert (answer.status, answer.reasons) == (422, "required")
    hung.must_be_whole()
