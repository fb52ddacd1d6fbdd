"""Updates by file and by link over real HTTP, and a truncated photo that is rejected."""

import json
from random import Random
from typing import Any, Final

from fatrina.demo import sample_photos
from fatrina.demo.client import Client, Fields, Response
from fatrina.demo.context import DemoContext, DemoError
from fatrina.demo.output import say, title
from fatrina.demo.sample_photos import SamplePhoto

API: Final = "/admin/v2/products"
_CREATED: Final = 201


def present(context: DemoContext, random: Random) -> None:
    """Replace one photo by file and another by link, then send a truncated one.

    Raises:
        DemoError: a response is not as expected.
        OSError, http.client.HTTPException: the service does not respond.
    """
    client = Client(context.address, context.store.token)
    _update_by_file(context, client, sample_photos.camera_photo("dallah", random))
    _update_by_link(context, client)
    _send_truncated(context, client, sample_photos.camera_photo("dallah", random))


def _update_by_file(context: DemoContext, client: Client, photo: SamplePhoto) -> None:
    title("1. Update an image by file", "تحديث صورة بملف")
    old = _current_url(context, client, "DALLAH")
    fields: Fields = {
        "photo": photo,
        "default": "1",
        "sort": "1",
        "alt": "دلّة قهوة عربية، لون جديد",
    }
    urls = _update(context, client, "DALLAH", fields)
    original = client.get(_path(context, urls["original"]))
    say(f"Metadata of the photo:    {sample_photos.describe_metadata(photo.data)}")
    say(f"Metadata of the original: {sample_photos.describe_metadata(original.body)}")
    _print_old_url(context, client, old)


def _update_by_link(context: DemoContext, client: Client) -> None:
    title("2. Update an image by link", "تحديث صورة برابط")
    old = _current_url(context, client, "LANTERN")
    fields: Fields = {"photo": context.link, "alt": "Lantern, photo by the supplier"}
    _update(context, client, "LANTERN", fields)
    _print_old_url(context, client, old)


def _send_truncated(context: DemoContext, client: Client, photo: SamplePhoto) -> None:
    title("3. Send half a photo: nothing changes", "نصف صورة لا يغيّر شيئًا")
    old = _current_url(context, client, "DALLAH")
    half = photo._replace(
        data=photo.data[: len(photo.data) // 2], description="the first half of a JPEG"
    )
    response = _post(context, client, "DALLAH", {"photo": half, "alt": "غير موجود"})
    if response.status == _CREATED or _current_url(context, client, "DALLAH") != old:
        raise DemoError("half a photo was accepted")
    say(f"The image is unchanged: {old}")


def _update(context: DemoContext, client: Client, sku: str, fields: Fields) -> dict[str, str]:
    response = _post(context, client, sku, fields)
    if response.status != _CREATED:
        raise DemoError(f"an update returned {response.status}")
    image: dict[str, Any] = response.json["data"]["image"]
    urls = {role: rendition["url"] for role, rendition in image.items()}
    say("Its four files, downloaded:")
    for role, url in urls.items():
        file = client.get(_path(context, url))
        size = f"{len(file.body):>9,} bytes"
        say(f"  {role:<20} {file.status} {file.content_type:<10} {size}  {url}")
    say("")
    return urls


def _post(context: DemoContext, client: Client, sku: str, fields: Fields) -> Response:
    path = f"{API}/images/{context.store.images[sku]}"
    say(f"POST {context.address}{path}")
    for name, value in fields.items():
        if isinstance(value, SamplePhoto):
            say(f"  {name:<8} {len(value.data):,} bytes: {value.description}")
        else:
            say(f"  {name:<8} {value}")
    response = client.post_form(path, fields)
    say("", f"→ {response.status} in {response.milliseconds} ms")
    say(json.dumps(response.json, ensure_ascii=False, indent=2), "")
    return response


def _current_url(context: DemoContext, client: Client, sku: str) -> str:
    """Return the URL that the first image of a product has now."""
    images = client.get(f"{API}/{context.store.products[sku]}").json["data"]["images"]
    image_id = context.store.images[sku]
    return next(str(image["url"]) for image in images if image["id"] == image_id)


def _print_old_url(context: DemoContext, client: Client, old: str) -> None:
    status = client.get(_path(context, old)).status
    say(f"The old URL keeps working for {context.keep_days:g} days: {status} {old}")


def _path(context: DemoContext, url: str) -> str:
    return url.removeprefix(context.base)
