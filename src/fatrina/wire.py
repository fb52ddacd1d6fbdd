"""The contract's JSON: with the table of sizes, the only place that knows its field names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from json import dumps
from urllib.parse import urlencode

from fatrina.domain import errors, messages, video, webhook
from fatrina.domain.gallery import Gallery, GalleryEntry
from fatrina.domain.merchant import MerchantView
from fatrina.domain.messages import Language
from fatrina.domain.pagination import Page
from fatrina.domain.renditions import ORIGINAL, ROLES, Original, Size
from fatrina.domain.types import MerchantId, Millis, SubscriptionId
from fatrina.domain.views import ImageView, ProductView
from fatrina.domain.webhook import IMAGE_UPDATED, Subscription
from fatrina.wire_products import ProductJson

Json = dict[str, object]

_MAX_EXACT_INTEGER = 2**53
_MASK = "********"
_THUMBNAIL = "thumbnail"
_RIYADH = timezone(timedelta(hours=3))


@dataclass(frozen=True, slots=True)
class Serializer:
    """Serializes images, products and events; the URLs in them begin with `base`."""

    base: str
    """The base URL of the stored files, without a trailing slash."""

    def image(self, image: ImageView) -> Json:
        """Return an image in the schema of Product Images (`ProductImagesVideos`)."""
        entry, sizes = image.entry, _sizes(image)
        return {
            "id": entry.id,
            "image": {
                role: {
                    "url": self._image_url(image, role),
                    "width": number(sizes[role].width),
                    "height": number(sizes[role].height),
                }
                for role in ROLES
            },
            "sort": number(entry.sort),
            "default": entry.default,
            "alt_seo": entry.alt,
            "video_url": entry.video or "",
            "type": _type(entry),
        }

    def etag(self, image: ImageView) -> str:
        """Return the strong entity tag of an image, which changes with anything in its body."""
        return _etag(self.image(image))

    def renditions(self, original: Original) -> Json:
        """Return the URL and the size of each rendition."""
        return {
            role: {
                "url": self.url(original.key(role)),
                "width": number(size.width),
                "height": number(size.height),
            }
            for role, size in original.sizes().items()
        }

    def product(self, product: ProductView) -> Json:
        """Return all keys of Product Details."""
        return {
            **ProductJson(product).details(),
            **self._cover(product),
            "images": [self._product_image(image) for image in product.images],
        }

    def light_product(self, product: ProductView) -> Json:
        """Return a product as List Products does with `format=light`, without its images."""
        cover = self._cover(product)
        image = {"image": {"url": cover["thumbnail"]}}
        return {**ProductJson(product).light(), **cover, **image}

    def _cover(self, product: ProductView) -> Json:
        main = product.main_image
        return {
            "main_image": self._main_url(main) if main else None,
            "thumbnail": self._image_url(main, _THUMBNAIL) if main else None,
        }

    def event(
        self, event: str, merchant_id: MerchantId, created_at: Millis, product: ProductView
    ) -> bytes:
        """Return the body of a webhook about a product; `created_at` is in milliseconds."""
        data = self._gallery(product) if event == IMAGE_UPDATED else self.product(product)
        return event_body(event, merchant_id, created_at, data)

    def _gallery(self, product: ProductView) -> Json:
        """Return a product's images with null for empty values."""
        images = [_empty_to_null(self._product_image(image)) for image in product.images]
        main = next((image for image in images if image["main"]), None)
        names = ("id", "url", "video_url", "type")
        return {
            "id": product.id,
            "sku": product.sku,
            "mpn": product.details.get("mpn"),
            "gtin": product.details.get("gtin"),
            "main_image": main and {name: main[name] for name in names},
            "images": images,
        }

    def page(self, page: Page, count: int, total: int, path: str, query: Mapping[str, str]) -> Json:
        """Return the pagination of a list; its links repeat `path` and the parameters `query`."""
        page_count = page.page_count(total)
        linked = {"next": page.number + 1, "previous": page.number - 1}
        return {
            "count": count,
            "total": total,
            "perPage": page.size,
            "currentPage": page.number,
            "totalPages": page_count,
            "links": {
                name: f"{self.base}{path}?{urlencode({**query, 'page': number})}"
                for name, number in linked.items()
                if 1 <= number <= page_count
            },
        }

    def url(self, key: str) -> str:
        """Return the URL of a stored file."""
        return f"{self.base}/{key}"

    def _product_image(self, image: ImageView) -> Json:
        entry = image.entry
        return {
            "id": entry.id,
            "url": self._main_url(image),
            "main": entry.default,
            "three_d_image_url": "",
            "alt": entry.alt or "",
            "video_url": entry.video or "",
            "type": _type(entry),
            "sort": number(entry.sort),
        }

    def _main_url(self, image: ImageView) -> str:
        """Return the URL that represents an image; of a video, only the thumbnail always exists."""
        return self._image_url(image, ORIGINAL if image.original else _THUMBNAIL)

    def _image_url(self, image: ImageView, role: str) -> str:
        if image.original:
            return self.url(image.original.key(role))
        return video.parse(image.entry.video or "").thumbnail_url(role)


def order(gallery: Gallery) -> Json:
    """Return the order of a product's images and videos."""
    return {"images": [entry.id for entry in gallery.entries]}


def order_etag(gallery: Gallery) -> str:
    """Return the strong entity tag of the order of a product's images and videos."""
    return _etag(order(gallery))


def _etag(body: Json) -> str:
    return f'"{sha256(dumps(body).encode()).hexdigest()[:32]}"'


def _sizes(image: ImageView) -> dict[str, Size]:
    return (image.original or video.parse(image.entry.video or "")).sizes()


def _empty_to_null(json: Json) -> Json:
    return {name: None if value == "" else value for name, value in json.items()}


def _type(entry: GalleryEntry) -> str:
    return "image" if entry.video is None else "video"


def event_body(event: str, merchant_id: MerchantId, created_at: Millis, data: Json) -> bytes:
    """Return the body of a webhook; `created_at` is in milliseconds since the epoch."""
    timestamp = format_timestamp(created_at)
    body = {"event": event, "merchant": merchant_id, "created_at": timestamp, "data": data}
    return dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def subscription(subscription_id: SubscriptionId, fields: Subscription) -> Json:
    """Return a subscription; its secret is masked."""
    return {
        "id": subscription_id,
        "name": fields.name,
        "event": fields.event,
        "type": "manual",
        "url": fields.url,
        "version": fields.version,
        "rule": None,
        "headers": dict(fields.headers),
        "security": {"strategy": fields.strategy, "secret": _MASK if fields.secret else None},
    }


def pending_image(image: Mapping[str, Json]) -> Json:
    """Return an image whose renditions are pending: the original's URL for all, size 0 by 0."""
    url = image[ORIGINAL]["url"]
    return {role: {"url": url, "width": 0, "height": 0} for role in ROLES}


def user_info(merchant: MerchantView, context: Json) -> Json:
    """Return the owner of a store as OAuth user info, with the context of the token.

    `context` has the app's client id, the scopes, and the expiry in seconds since the epoch.
    """
    profile, created = merchant.profile.with_defaults(merchant.code), _date(merchant.created_at)
    store = {
        "id": merchant.id,
        "username": merchant.code,
        "name": profile.name,
        "avatar": profile.avatar,
        "store_location": "",
        "plan": merchant.plan,
        "status": "active",
        "domain": profile.domain,
        "created_at": created,
    }
    return {
        "id": merchant.id,
        "name": profile.name,
        "email": profile.email,
        "mobile": profile.mobile,
        "role": "user",
        "created_at": created,
        "merchant": store,
        "context": context,
    }


def store_info(merchant: MerchantView) -> Json:
    """Return a store as the real API's Store Info; Fatrina has one currency and no locations."""
    profile = merchant.profile.with_defaults(merchant.code)
    return {
        "id": merchant.id,
        "name": profile.name,
        "email": profile.email,
        "avatar": profile.avatar,
        "plan": merchant.plan,
        "type": "demo",
        "status": "active",
        "verified": False,
        "currency": "SAR",
        "domain": profile.domain,
        "location": "",
        "description": "",
    }


def _date(timestamp: int) -> str:
    """Return a date in the format of the real API: `2018-04-28 17:46:25`, in UTC."""
    return f"{datetime.fromtimestamp(timestamp / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def events() -> list[Json]:
    """Return the events that a subscription can select."""
    return [
        {"id": number, "label": label, "event": event}
        for number, (event, label) in enumerate(webhook.EVENTS.items(), 1)
    ]


def success(status: int, data: object, pagination: Json | None = None) -> Json:
    """Return the envelope of a successful response; `pagination` is set for lists."""
    extra = {} if pagination is None else {"pagination": pagination}
    return {"status": status, "success": True, "data": data, **extra}


def failure(error: errors.ServiceError, language: Language) -> Json:
    """Return the envelope of an error response; `fields` lists the invalid fields, if any."""
    field_errors = [each for each in error.flatten() if isinstance(each, errors.FieldError)]
    shown = errors.ValidationFailed(*field_errors) if field_errors else error
    body: Json = {"code": shown.code, "message": messages.render(shown, language)}
    if field_errors:
        fields: dict[str, list[str]] = {}
        for each in field_errors:
            fields.setdefault(each.field, []).append(messages.render(each, language))
        body["fields"] = fields
    return {"status": error.status, "success": False, "error": body}


def number(value: float) -> float:
    """Return a whole number as an int, so that JSON has no `.0`; other numbers unchanged.

    A double above 2^53 stays a float: not every integer in that range is exact.
    """
    is_exact = float(value).is_integer() and abs(value) < _MAX_EXACT_INTEGER
    return int(value) if is_exact else value


def format_timestamp(moment: int) -> str:
    """Return a moment, in milliseconds since the epoch, as webhooks state it: in Riyadh's time."""
    local = datetime.fromtimestamp(moment // 1000, UTC).astimezone(_RIYADH)
    return local.strftime("%a %b %d %Y %H:%M:%S GMT+0300")
