"""Every refusal, a tree: the branch decides the HTTP status, the leaf names the reason."""

from typing import ClassVar

Params = str | int | float
MAX_ERRORS = 25
"""Fields of one request that are reported; a client that has more wrong sees these first."""
_LONGEST_FIELD = 200


class ServiceError(Exception):
    """A request that is not carried out, and why.

    A leaf carries a stable `reason` (the key of its words in `domain.messages`) and what was
    seen, by name, for those words to show. It passes every frame untouched and is worded once,
    in the web ring.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    reason: ClassVar[str] = "internal_error"

    def __init__(self, **seen: Params) -> None:
        super().__init__(self.reason, seen)
        self.params = seen

    def each(self) -> "tuple[ServiceError, ...]":
        """The single reasons it stands for: itself, but for one that gathers several."""
        return (self,)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.params)


def _rebuild(error_class: type[ServiceError], params: dict[str, Params]) -> ServiceError:
    return error_class(**params)


# Who is asking


class Unauthorized(ServiceError):
    """The caller may not do this."""

    status = 401
    code = "Unauthorized"


class InvalidToken(Unauthorized):
    """The token is absent, unknown, expired or revoked."""

    reason = "invalid_token"


class InsufficientScope(Unauthorized):
    """The token lacks the scope: `scope`."""

    reason = "insufficient_scope"


class Forbidden(ServiceError):
    """The shop is closed to this app; said only where it was ordered."""

    status = 403
    code = "error"
    reason = "forbidden"


# What is asked for


class NotFound(ServiceError):
    """There is no such thing, or not for this merchant; the two are told apart by nobody."""

    status = 404
    code = "error"
    reason = "not_found"


class MethodNotAllowed(ServiceError):
    """The path exists, but only with the methods `allow`."""

    status = 405
    code = "method_not_allowed"
    reason = "method_not_allowed"


class RangeNotSatisfiable(ServiceError):
    """The range asked for lies outside the `size` bytes that there are."""

    status = 416
    code = "range_not_satisfiable"
    reason = "range_not_satisfiable"


# How it is asked


class BadRequest(ServiceError):
    """The request itself is broken."""

    status = 400
    code = "bad_request"


class MalformedRequest(BadRequest):
    """The bytes are not an HTTP request."""

    reason = "malformed_request"


class UnsupportedContentType(BadRequest):
    """The Content-Type is none that is read here: `type`."""

    reason = "unsupported_content_type"


class BodyIsPhoto(BadRequest):
    """The body is a photo itself, or its base64 text, and not a form."""

    reason = "body_is_photo"


class MalformedMultipart(BadRequest):
    """The multipart body breaks its own format: `problem` (in English, from the parser)."""

    reason = "malformed_multipart"


class MalformedJson(BadRequest):
    """The body is not a JSON object."""

    reason = "malformed_json"


class MalformedForm(BadRequest):
    """The urlencoded body cannot be read as UTF-8 fields."""

    reason = "malformed_form"


class IncompleteBody(BadRequest):
    """The client left before its body was whole."""

    reason = "incomplete_body"


class RequestTimeout(ServiceError):
    """No byte came for `seconds`, or the whole took longer than it may."""

    status = 408
    code = "request_timeout"
    reason = "request_timeout"


class PayloadTooLarge(ServiceError):
    """The body is larger than `limit` bytes."""

    status = 413
    code = "payload_too_large"
    reason = "payload_too_large"


# What a field holds


class ValidationFailed(ServiceError):
    """Fields that cannot be taken; `problems` has one at least, and no more than are reported."""

    status = 422
    code = "error"
    reason = "validation_failed"

    def __init__(self, *problems: "FieldError") -> None:
        super().__init__()
        self.problems = problems[:MAX_ERRORS]

    def each(self) -> tuple[ServiceError, ...]:
        """Every field's own."""
        return self.problems

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.problems


class FieldError(ServiceError):
    """One field that cannot be taken; `field` is the contract's name for it."""

    status = 422
    code = "error"

    def __init__(self, field: str = "photo", **seen: Params) -> None:
        super().__init__(**seen)
        # A name from outside may be long, and JSON can spell half of a surrogate pair.
        self.field = field[:_LONGEST_FIELD].encode("utf-8", "replace").decode()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), {"field": self.field, **self.params})


class Required(FieldError):
    """The field must be there and is not."""

    reason = "required"


class RequiredWithout(FieldError):
    """The field must be there when `other` is not."""

    reason = "required_without"


class InvalidChoice(FieldError):
    """The value is none of those that can be chosen: `known`."""

    reason = "invalid_choice"


class IdTaken(FieldError):
    """The id is or was another one's: `id`."""

    reason = "id_taken"


class TokenTaken(FieldError):
    """The token is another merchant's."""

    reason = "token_taken"


class InvalidSeed(FieldError):
    """What is to be sown is not sound: `problem` (in English, with its place)."""

    reason = "invalid_seed"


class InvalidDump(FieldError):
    """What is to be restored is no sound dump: `problem` (in English)."""

    reason = "invalid_dump"


class HeaderNotAllowed(FieldError):
    """A header that cannot be sent, or is set by Fatrina: `name`."""

    reason = "header_not_allowed"


class InvalidSecret(FieldError):
    """The secret is to be sent in a header, and cannot be a header's value."""

    reason = "invalid_secret"


class TooManyHeaders(FieldError):
    """The subscription has more than `limit` headers of its own."""

    reason = "too_many_headers"


class RuleNotSupported(FieldError):
    """A rule that decides which events are sent: none is understood here."""

    reason = "rule_not_supported"


class TooManySubscriptions(FieldError):
    """The merchant has `limit` subscriptions already."""

    reason = "too_many_subscriptions"


class NotInteger(FieldError):
    """The field must be a whole number."""

    reason = "not_integer"


class NotNumber(FieldError):
    """The field must be a finite number."""

    reason = "not_number"


class NotBoolean(FieldError):
    """The field must be true or false (1, 0, true, false)."""

    reason = "not_boolean"


class NotString(FieldError):
    """The field must be text."""

    reason = "not_string"


class TextTooLong(FieldError):
    """The text is longer than `limit` characters."""

    reason = "text_too_long"


class ControlCharacter(FieldError):
    """The text holds a control character: `character` (as U+XXXX)."""

    reason = "control_character"


class InvalidEncoding(FieldError):
    """The bytes of the text are not UTF-8, or not in the encoding that is declared for them."""

    reason = "invalid_encoding"


class UnsupportedCharset(FieldError):
    """The text is in an encoding that is not read here: `charset`."""

    reason = "unsupported_charset"


class OutOfRange(FieldError):
    """The number is not between `low` and `high`."""

    reason = "out_of_range"


class NotList(FieldError):
    """The field must be a list."""

    reason = "not_list"


class ListTooLong(FieldError):
    """The list has more than `limit` items."""

    reason = "list_too_long"


class NotObject(FieldError):
    """The field must be an object: named values in braces."""

    reason = "not_object"


class InvalidVideoLink(FieldError):
    """The text is not the link of a YouTube video."""

    reason = "invalid_video_link"


class SkuTaken(FieldError):
    """Another product of this merchant has that SKU: `sku`."""

    reason = "sku_taken"


class GalleryFull(FieldError):
    """The product has its `limit` images already."""

    reason = "gallery_full"


# What is wrong with a photo


class PhotoError(FieldError):
    """A photo that may not come in."""


class PhotoEmpty(PhotoError):
    """The photo has no bytes."""

    reason = "photo_empty"


class MultiplePhotos(PhotoError):
    """The request has more than one photo file."""

    reason = "multiple_photos"


class PhotoEncoded(PhotoError):
    """The field holds a photo as base64 text."""

    reason = "photo_encoded"


class ImageIsVideo(PhotoError):
    """The image is a video, which has no photo to replace."""

    reason = "image_is_video"


class PhotoTooLarge(PhotoError):
    """The photo has more than `limit` bytes."""

    reason = "photo_too_large"


class PhotoNotAnImage(PhotoError):
    """The bytes are no picture of a kind that is known here."""

    reason = "photo_not_an_image"


class PhotoUnsupported(PhotoError):
    """The bytes are a picture, but of a kind that is not taken: `kind`."""

    reason = "photo_unsupported"


class PhotoCodingUnsupported(PhotoError):
    """The format is accepted, but not this coding of it: `coding` (a technical name)."""

    reason = "photo_coding_unsupported"


class PhotoHeicUnavailable(PhotoError):
    """The photo is HEIC, and this installation has no decoder for it."""

    reason = "photo_heic_unavailable"


class PhotoTooManyPixels(PhotoError):
    """`width` times `height` is over `limit` pixels."""

    reason = "photo_too_many_pixels"


class PhotoAvifTooManyPixels(PhotoError):
    """An AVIF of `bits` a sample and planes `kind`: `width` times `height` is over `limit` pixels.

    Deeper samples, finer colours and alpha take more memory, so fewer pixels fit.
    """

    reason = "photo_avif_too_many_pixels"


class PhotoSideTooLong(PhotoError):
    """A side of `width` by `height` is over `limit` pixels."""

    reason = "photo_side_too_long"


class PhotoTooManyFrames(PhotoError):
    """The animation has `frames`, over `limit`."""

    reason = "photo_too_many_frames"


class PhotoTooManyScans(PhotoError):
    """The progressive JPEG has over `limit` scans: only an attack has that many."""

    reason = "photo_too_many_scans"


class PhotoDamaged(PhotoError):
    """The photo is cut short or its data is broken: `problem` (in English, from the decoder)."""

    reason = "photo_damaged"


class PhotoTimeout(PhotoError):
    """Decoding took over `limit` seconds."""

    reason = "photo_timeout"


class PhotoMemoryExceeded(PhotoError):
    """Decoding wants over `limit` bytes of memory."""

    reason = "photo_memory_exceeded"


class PhotoCrashedDecoder(PhotoError):
    """The decoder died over this photo."""

    reason = "photo_crashed_decoder"


# What is wrong with a link


class LinkError(PhotoError):
    """A link that is not followed, or led nowhere."""


class LinkMalformed(LinkError):
    """The text is not an absolute http or https URL."""

    reason = "link_malformed"


class LinkTooLong(LinkError):
    """The text of the link has more than `limit` characters."""

    reason = "link_too_long"


class LinkCredentials(LinkError):
    """The URL holds a user name or a password."""

    reason = "link_credentials"


class LinkPortNotAllowed(LinkError):
    """The URL names a port other than 80 and 443: `port`."""

    reason = "link_port_not_allowed"


class LinkAddressNotAllowed(LinkError):
    """The host, or one of its addresses, is not public."""

    reason = "link_address_not_allowed"


class LinkUnresolved(LinkError):
    """The host's name has no address."""

    reason = "link_unresolved"


class LinkUnreachable(LinkError):
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


class LinkInvalidResponse(LinkError):
    """The far side's answer is not sound HTTP, or ended early."""

    reason = "link_invalid_response"


class LinkStatus(LinkError):
    """The server answered with `status` instead of 200."""

    reason = "link_status"


class LinkDenied(LinkError):
    """The server does not give the file to this service: `status` 401, 403, 407 or 451."""

    reason = "link_denied"


class LinkNotFound(LinkError):
    """The server has no file at the link: `status` 404 or 410."""

    reason = "link_not_found"


class LinkIsPage(LinkError):
    """The link leads to a web page instead of a file."""

    reason = "link_is_page"


class LinkNotImage(LinkError):
    """The link leads to a file of another kind: `type`, its declared media type."""

    reason = "link_not_image"


class LinkTooManyRedirects(LinkError):
    """The link redirects more than `limit` times."""

    reason = "link_too_many_redirects"


class LinkContentEncoding(LinkError):
    """The server compressed the file in a way that is not decoded here: `encoding`."""

    reason = "link_content_encoding"


class LinkTooLarge(LinkError):
    """The far side sends more than `limit` bytes."""

    reason = "link_too_large"


class LinkTimeout(LinkError):
    """Fetching took over `limit` seconds."""

    reason = "link_timeout"


# How often it is asked


class ClientGone(ServiceError):
    """The client closed its connection before the work began; nobody receives this response."""

    status = 499
    code = "client_closed_request"
    reason = "client_gone"


class TooManyRequests(ServiceError):
    """The merchant's `limit` of requests is used up; one more fits in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_requests"


class TooManyGuesses(ServiceError):
    """Too many wrong secrets came lately; another one is looked at in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_guesses"


# What is wrong with us


class ServiceUnavailable(ServiceError):
    """Fatrina cannot do this now; the same request may work later."""

    status = 503
    code = "service_unavailable"


class Busy(ServiceUnavailable):
    """Too many photos are waiting already; try again in `retry` seconds."""

    reason = "busy"


class DecoderFailed(ServiceUnavailable):
    """The decoder was lost through no fault of the photo; try again in `retry` seconds."""

    reason = "decoder_failed"


class StorageUnavailable(ServiceUnavailable):
    """Storage does not answer, or refuses writes."""

    reason = "storage_unavailable"


class DatabaseUnavailable(ServiceUnavailable):
    """The database does not answer, or refuses writes."""

    reason = "database_unavailable"
    connection_lost = False
    """Whether the connection was lost: a commit may have succeeded all the same."""


class HousekeepingBusy(ServiceUnavailable):
    """Sweep, seed, restore or reset is at work: `operation`; try again in `retry` seconds."""

    reason = "housekeeping_busy"


class ClockUncertain(ServiceUnavailable):
    """`count` pictures are due, but nothing was recorded in the last `days` days."""

    reason = "clock_uncertain"


class Stopping(ServiceUnavailable):
    """The service is stopping; another one may answer in `retry` seconds."""

    reason = "stopping"


class StorageFull(ServiceError):
    """There is no space left for the bytes."""

    status = 507
    code = "insufficient_storage"
    reason = "storage_full"


class InternalError(ServiceError):
    """A fault of ours; the log has it under the request's id."""


def subclasses(root: type[ServiceError] = ServiceError) -> list[type[ServiceError]]:
    """All the kinds of refusal below `root` that carry a reason of their own."""
    below = [leaf for child in root.__subclasses__() for leaf in subclasses(child)]
    return ([root] if "reason" in vars(root) else []) + below


def by_reason(reason: str) -> type[ServiceError] | None:
    """The leaf whose stable reason is `reason`."""
    return next((leaf for leaf in subclasses() if leaf.reason == reason), None)
