"""Every refusal, a tree: the branch decides the HTTP status, the leaf names the reason."""

from typing import ClassVar

Seen = str | int | float
MOST_PROBLEMS = 25
"""Fields of one request that are reported; a client that has more wrong sees these first."""
_LONGEST_FIELD = 200


class Refusal(Exception):
    """A request that is not carried out, and why.

    A leaf carries a stable `reason` (the key of its words in `domain.messages`) and what was
    seen, by name, for those words to show. It passes every frame untouched and is worded once,
    in the web ring.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    reason: ClassVar[str] = "internal"

    def __init__(self, **seen: Seen) -> None:
        super().__init__(self.reason, seen)
        self.seen = seen

    def each(self) -> "tuple[Refusal, ...]":
        """The single reasons it stands for: itself, but for one that gathers several."""
        return (self,)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.seen)


def _rebuilt(leaf: type[Refusal], seen: dict[str, Seen]) -> Refusal:
    return leaf(**seen)


# Who is asking


class Unauthorized(Refusal):
    """The caller may not do this."""

    status = 401
    code = "Unauthorized"


class TokenInvalid(Unauthorized):
    """The token is absent, unknown, expired or revoked."""

    reason = "token_invalid"


class ScopeMissing(Unauthorized):
    """The token lacks the scope: `scope`."""

    reason = "scope_missing"


class Blocked(Refusal):
    """The shop is closed to this app; said only where it was ordered."""

    status = 403
    code = "error"
    reason = "blocked"


# What is asked for


class Missing(Refusal):
    """There is no such thing, or not for this merchant; the two are told apart by nobody."""

    status = 404
    code = "error"
    reason = "missing"


class MethodNotAllowed(Refusal):
    """The path exists, but only with the methods `allow`."""

    status = 405
    code = "method_not_allowed"
    reason = "method_not_allowed"


class RangeOutside(Refusal):
    """The range asked for lies outside the `size` bytes that there are."""

    status = 416
    code = "range_not_satisfiable"
    reason = "range_outside"


# How it is asked


class BadRequest(Refusal):
    """The request itself is broken."""

    status = 400
    code = "bad_request"


class HttpBroken(BadRequest):
    """The bytes are not an HTTP request."""

    reason = "http_broken"


class BodyTypeUnknown(BadRequest):
    """The Content-Type is none that is read here: `type`."""

    reason = "body_type_unknown"


class BodyIsPhoto(BadRequest):
    """The body is a photo itself, or its base64 text, and not a form."""

    reason = "body_is_photo"


class MultipartBroken(BadRequest):
    """The multipart body breaks its own format: `problem` (in English, from the parser)."""

    reason = "multipart_broken"


class JsonBroken(BadRequest):
    """The body is not a JSON object."""

    reason = "json_broken"


class FormBroken(BadRequest):
    """The urlencoded body cannot be read as UTF-8 fields."""

    reason = "form_broken"


class BodyCutShort(BadRequest):
    """The client left before its body was whole."""

    reason = "body_cut_short"


class BodyTooSlow(Refusal):
    """No byte came for `seconds`, or the whole took longer than it may."""

    status = 408
    code = "request_timeout"
    reason = "body_too_slow"


class BodyTooLarge(Refusal):
    """The body is larger than `limit` bytes."""

    status = 413
    code = "payload_too_large"
    reason = "body_too_large"


# What a field holds


class Invalid(Refusal):
    """Fields that cannot be taken; `problems` has one at least, and no more than are reported."""

    status = 422
    code = "error"
    reason = "invalid"

    def __init__(self, *problems: "FieldRefused") -> None:
        super().__init__()
        self.problems = problems[:MOST_PROBLEMS]

    def each(self) -> tuple[Refusal, ...]:
        """Every field's own."""
        return self.problems

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.problems


class FieldRefused(Refusal):
    """One field that cannot be taken; `field` is the contract's name for it."""

    status = 422
    code = "error"

    def __init__(self, field: str = "photo", **seen: Seen) -> None:
        super().__init__(**seen)
        # A name from outside may be long, and JSON can spell half of a surrogate pair.
        self.field = field[:_LONGEST_FIELD].encode("utf-8", "replace").decode()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), {"field": self.field, **self.seen})


class Required(FieldRefused):
    """The field must be there and is not."""

    reason = "required"


class RequiredWithout(FieldRefused):
    """The field must be there when `other` is not."""

    reason = "required_without"


class NotOneOf(FieldRefused):
    """The value is none of those that can be chosen: `known`."""

    reason = "not_one_of"


class IdTaken(FieldRefused):
    """The id is or was another one's: `id`."""

    reason = "id_taken"


class TokenTaken(FieldRefused):
    """The token is another merchant's."""

    reason = "token_taken"


class SeedRefused(FieldRefused):
    """What is to be sown is not sound: `problem` (in English, with its place)."""

    reason = "seed_refused"


class DumpRefused(FieldRefused):
    """What is to be restored is no sound dump: `problem` (in English)."""

    reason = "dump_refused"


class HeaderRefused(FieldRefused):
    """A header that cannot be sent, or is set by Fatrina: `name`."""

    reason = "header_refused"


class SecretRefused(FieldRefused):
    """The secret is to be sent in a header, and cannot be a header's value."""

    reason = "secret_refused"


class TooManyHeaders(FieldRefused):
    """The subscription has more than `limit` headers of its own."""

    reason = "too_many_headers"


class RuleRefused(FieldRefused):
    """A rule that decides which events are sent: none is understood here."""

    reason = "rule_refused"


class TooManySubscriptions(FieldRefused):
    """The merchant has `limit` subscriptions already."""

    reason = "too_many_subscriptions"


class NotInteger(FieldRefused):
    """The field must be a whole number."""

    reason = "not_integer"


class NotNumber(FieldRefused):
    """The field must be a finite number."""

    reason = "not_number"


class NotFlag(FieldRefused):
    """The field must be true or false (1, 0, true, false)."""

    reason = "not_flag"


class NotText(FieldRefused):
    """The field must be text."""

    reason = "not_text"


class TextTooLong(FieldRefused):
    """The text is longer than `limit` characters."""

    reason = "text_too_long"


class TextControl(FieldRefused):
    """The text holds a control character: `character` (as U+XXXX)."""

    reason = "text_control"


class TextBroken(FieldRefused):
    """The bytes of the text are not UTF-8, or not in the encoding that is declared for them."""

    reason = "text_broken"


class TextCharset(FieldRefused):
    """The text is in an encoding that is not read here: `charset`."""

    reason = "text_charset"


class NumberOutside(FieldRefused):
    """The number is not between `low` and `high`."""

    reason = "number_outside"


class NotList(FieldRefused):
    """The field must be a list."""

    reason = "not_list"


class ListTooLong(FieldRefused):
    """The list has more than `limit` items."""

    reason = "list_too_long"


class NotObject(FieldRefused):
    """The field must be an object: named values in braces."""

    reason = "not_object"


class VideoUnknown(FieldRefused):
    """The text is not the link of a YouTube video."""

    reason = "video_unknown"


class SkuTaken(FieldRefused):
    """Another product of this merchant has that SKU: `sku`."""

    reason = "sku_taken"


class GalleryFull(FieldRefused):
    """The product has its `limit` images already."""

    reason = "gallery_full"


# What is wrong with a photo


class PhotoRefused(FieldRefused):
    """A photo that may not come in."""


class PhotoEmpty(PhotoRefused):
    """The photo has no bytes."""

    reason = "photo_empty"


class PhotosSeveral(PhotoRefused):
    """The request has more than one photo file."""

    reason = "photos_several"


class PhotoEncoded(PhotoRefused):
    """The field holds a photo as base64 text."""

    reason = "photo_encoded"


class PhotoOfVideo(PhotoRefused):
    """The image is a video, which has no photo to replace."""

    reason = "photo_of_video"


class PhotoTooLarge(PhotoRefused):
    """The photo has more than `limit` bytes."""

    reason = "photo_too_large"


class PhotoUnknown(PhotoRefused):
    """The bytes are no picture of a kind that is known here."""

    reason = "photo_unknown"


class PhotoUnsupported(PhotoRefused):
    """The bytes are a picture, but of a kind that is not taken: `kind`."""

    reason = "photo_unsupported"


class PhotoCodingUnsupported(PhotoRefused):
    """The format is accepted, but not this coding of it: `coding` (a technical name)."""

    reason = "photo_coding_unsupported"


class PhotoHeicMissing(PhotoRefused):
    """The photo is HEIC, and this installation has no decoder for it."""

    reason = "photo_heic_missing"


class PhotoTooManyPixels(PhotoRefused):
    """`width` times `height` is over `limit` pixels."""

    reason = "photo_pixels"


class PhotoAvifTooManyPixels(PhotoRefused):
    """An AVIF of `bits` a sample and planes `kind`: `width` times `height` is over `limit` pixels.

    Deeper samples, finer colours and alpha take more memory, so fewer pixels fit.
    """

    reason = "photo_avif_pixels"


class PhotoSideTooLong(PhotoRefused):
    """A side of `width` by `height` is over `limit` pixels."""

    reason = "photo_side"


class PhotoTooManyFrames(PhotoRefused):
    """The animation has `frames`, over `limit`."""

    reason = "photo_frames"


class PhotoTooManyScans(PhotoRefused):
    """The progressive JPEG has over `limit` scans: only an attack has that many."""

    reason = "photo_scans"


class PhotoDamaged(PhotoRefused):
    """The photo is cut short or its data is broken: `problem` (in English, from the decoder)."""

    reason = "photo_damaged"


class PhotoTooSlow(PhotoRefused):
    """Decoding took over `limit` seconds."""

    reason = "photo_too_slow"


class PhotoTooHungry(PhotoRefused):
    """Decoding wants over `limit` bytes of memory."""

    reason = "photo_too_hungry"


class PhotoCrashed(PhotoRefused):
    """The decoder died over this photo."""

    reason = "photo_crashed"


# What is wrong with a link


class LinkRefused(PhotoRefused):
    """A link that is not followed, or led nowhere."""


class LinkMalformed(LinkRefused):
    """The text is not an absolute http or https URL."""

    reason = "link_malformed"


class LinkTooLong(LinkRefused):
    """The text of the link has more than `limit` characters."""

    reason = "link_too_long"


class LinkCredentials(LinkRefused):
    """The URL holds a user name or a password."""

    reason = "link_credentials"


class LinkPort(LinkRefused):
    """The URL names a port other than 80 and 443: `port`."""

    reason = "link_port"


class LinkForbidden(LinkRefused):
    """The host, or one of its addresses, is not public."""

    reason = "link_forbidden"


class LinkUnresolved(LinkRefused):
    """The host's name has no address."""

    reason = "link_unresolved"


class LinkUnreachable(LinkRefused):
    """The server refused or closed the connection."""

    reason = "link_unreachable"


class LinkTls(LinkUnreachable):
    """No secure connection: the server does not speak TLS, or none that is accepted."""

    reason = "link_tls"


class LinkCertificateExpired(LinkTls):
    """The server's certificate has expired, or is not valid yet."""

    reason = "link_certificate_expired"


class LinkCertificateHost(LinkTls):
    """The server's certificate is for other hosts than `host`."""

    reason = "link_certificate_host"


class LinkCertificateUntrusted(LinkTls):
    """The certificate is self-signed, of an unknown authority, or its chain is incomplete."""

    reason = "link_certificate_untrusted"


class LinkBroken(LinkRefused):
    """The far side's answer is not sound HTTP, or ended early."""

    reason = "link_broken"


class LinkStatus(LinkRefused):
    """The server answered with `status` instead of 200."""

    reason = "link_status"


class LinkDenied(LinkRefused):
    """The server does not give the file to this service: `status` 401, 403, 407 or 451."""

    reason = "link_denied"


class LinkNotFound(LinkRefused):
    """The server has no file at the link: `status` 404 or 410."""

    reason = "link_not_found"


class LinkPage(LinkRefused):
    """The link leads to a web page instead of a file."""

    reason = "link_page"


class LinkNotImage(LinkRefused):
    """The link leads to a file of another kind: `type`, its declared media type."""

    reason = "link_not_image"


class LinkRedirects(LinkRefused):
    """The link redirects more than `limit` times."""

    reason = "link_redirects"


class LinkEncoded(LinkRefused):
    """The server compressed the file in a way that is not decoded here: `encoding`."""

    reason = "link_encoded"


class LinkTooLarge(LinkRefused):
    """The far side sends more than `limit` bytes."""

    reason = "link_too_large"


class LinkTooSlow(LinkRefused):
    """Fetching took over `limit` seconds."""

    reason = "link_too_slow"


# How often it is asked


class ClientGone(Refusal):
    """The client closed its connection before the work began; nobody receives this response."""

    status = 499
    code = "client_closed_request"
    reason = "client_gone"


class TooManyRequests(Refusal):
    """The merchant's `limit` of requests is used up; one more fits in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_requests"


class TooManyGuesses(Refusal):
    """Too many wrong secrets came lately; another one is looked at in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_guesses"


# What is wrong with us


class Unavailable(Refusal):
    """Fatrina cannot do this now; the same request may work later."""

    status = 503
    code = "service_unavailable"


class Busy(Unavailable):
    """Too many photos are waiting already; try again in `retry` seconds."""

    reason = "busy"


class DecoderLost(Unavailable):
    """The decoder was lost through no fault of the photo; try again in `retry` seconds."""

    reason = "decoder_lost"


class StorageDown(Unavailable):
    """Storage does not answer, or refuses writes."""

    reason = "storage_down"


class DatabaseDown(Unavailable):
    """The database does not answer, or refuses writes."""

    reason = "database_down"
    connection_lost = False
    """Whether the connection was lost: a commit may have succeeded all the same."""


class HousekeepingBusy(Unavailable):
    """Sweep, seed, restore or reset is at work: `operation`; try again in `retry` seconds."""

    reason = "housekeeping_busy"


class ClockUncertain(Unavailable):
    """`count` pictures are due, but nothing was recorded in the last `days` days."""

    reason = "clock_uncertain"


class Stopping(Unavailable):
    """The service is stopping; another one may answer in `retry` seconds."""

    reason = "stopping"


class StorageFull(Refusal):
    """There is no space left for the bytes."""

    status = 507
    code = "insufficient_storage"
    reason = "storage_full"


class Internal(Refusal):
    """A fault of ours; the log has it under the request's id."""


def leaves(root: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """All the kinds of refusal below `root` that carry a reason of their own."""
    below = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return ([root] if "reason" in vars(root) else []) + below


def named(reason: str) -> type[Refusal] | None:
    """The leaf whose stable reason is `reason`."""
    return next((leaf for leaf in leaves() if leaf.reason == reason), None)
