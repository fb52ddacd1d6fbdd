"""Links of videos: the forms that are read, and all that only look like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors, video
from fatrina.domain.renditions import ROLES

ID = "dQw4w9WgXcQ"
LINKS = [
    f"https://www.youtube.com/watch?v={ID}",
    f"http://www.youtube.com/watch?v={ID}",
    f"https://youtube.com/watch?v={ID}",
    f"https://m.youtube.com/watch?v={ID}&t=42s",
    f"https://www.youtube.com/watch?list=PL0&v={ID}&index=2",
    f"https://www.youtube.com/watch?v={ID}#t=5",
    f"https://www.youtube.com/watch/?v={ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"https://www.youtube-nocookie.com/watch?v={ID}",
    f"https://youtube-nocookie.com/embed/{ID}?rel=0",
    f"https://www.youtube.com/embed/{ID}",
    f"https://www.youtube.com/shorts/{ID}",
    f"https://youtube.com/shorts/{ID}?feature=share",
    f"https://youtube.com/shorts/{ID}/",
    f"https://youtu.be/{ID}",
    f"http://youtu.be/{ID}?si=x_-9&t=1",
    f"HTTPS://YouTu.be/{ID}",
    f"https://WWW.YOUTUBE.COM/watch?v={ID}",
]
STRANGERS = [
    "",
    ID,
    "https://www.youtube.com/",
    "https://www.youtube.com/watch",
    "https://www.youtube.com/watch?v=",
    f"https://www.youtube.com/watch?v={ID[:-1]}",
    f"https://www.youtube.com/watch?v={ID}x",
    f"https://www.youtube.com/watch?v={ID[:-1]}é",
    f"https://www.youtube.com/watch?V={ID}",
    f"https://www.youtube.com/watch?xv={ID}",
    f"https://www.youtube.com/watch#v={ID}",
    f"https://www.youtube.com/watch?a=b#&v={ID}",
    f"https://www.youtube.com/WATCH?v={ID}",
    f"https://www.youtube.com/{ID}",
    f"https://www.youtube.com/v/{ID}",
    f"https://www.youtube.com/playlist?list={ID}",
    f"https://youtu.be/{ID}x",
    f"https://youtu.be//{ID}",
    f"https://www.youtu.be/{ID}",
    f"//youtu.be/{ID}",
    f"ftp://youtu.be/{ID}",
    f"youtu.be/{ID}",
    f"https://youtu.be:443/{ID}",
    f"https://user@youtu.be/{ID}",
    f"https://youtu.be.user.example/{ID}",
    f"https://user.example/youtu.be/{ID}",
    f"https://notyoutube.com/watch?v={ID}",
    f"https://wwwxyoutube.com/watch?v={ID}",
    f"https://www.youtubexcom/watch?v={ID}",
    f"https://music.youtube.com/watch?v={ID}",
    f"https://vimeo.com/{ID}",
    f" https://youtu.be/{ID}",
    f"https://youtu.be/{ID}\n",
    f"https://youtu.be/{ID}?a b",
    f'https://youtu.be/{ID}?"><script>',
    f"https://youtu.be/{ID}?x=\u0661",
    f"https://youtu.be/{ID}?{'x' * 2048}",
    f"javascript:https://youtu.be/{ID}",
]


@pytest.mark.parametrize("link", LINKS)
def test_accepts_links_of_videos(link: str) -> None:
    found = video.parse(link)
    assert (found.url, found.id) == (link, ID)


@pytest.mark.parametrize("link", STRANGERS)
def test_rejects_other_links(link: str) -> None:
    with pytest.raises(errors.InvalidVideoLink) as refused:
        video.parse(link)
    assert refused.value.field == "video_url"


@given(st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True), st.sampled_from(LINKS))
def test_finds_any_id_in_any_form(identifier: str, link: str) -> None:
    assert video.parse(link.replace(ID, identifier)).id == identifier


@given(st.text() | st.text().map(lambda text: LINKS[0] + text))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    try:
        found = video.parse(text)
    except errors.InvalidVideoLink:
        return
    assert found.url == text
    assert text.isascii()
    assert not set(text) & set('"<>\\^`{|} \n')


def test_thumbnails_of_a_video() -> None:
    film = video.parse(LINKS[0])
    assert tuple(film.sizes()) == ROLES
    assert [(film.thumbnail_url(role), *film.sizes()[role]) for role in ROLES] == [
        (f"https://img.youtube.com/vi/{ID}/{name}.jpg", width, height)
        for name, width, height in (
            ("maxresdefault", 1920, 1080),
            ("sddefault", 640, 480),
            ("mqdefault", 320, 180),
            ("default", 120, 90),
        )
    ]
