"""Errors of the request as a whole: its path, method, body, speed and rate."""

from fatrina.domain.errors.base import ServiceError


class NotFound(ServiceError):
    """The resource does not exist, or belongs to another merchant; the response is the same."""

    status = 404
    code = "error"
    reason = "not_found"


class NotEmulated(ServiceError):
    """The real API may have `method` `path`, but Fatrina does not implement it."""

    status = 501
    code = "not_emulated"
    reason = "not_emulated"


class Gone(ServiceError):
    """The stored files of the version were deleted after its retention time."""

    status = 410
    code = "gone"
    reason = "gone"


class PreconditionFailed(ServiceError):
    """The image or the order has changed since the client read it: its ETag is `etag` now."""

    status = 412
    code = "precondition_failed"
    reason = "precondition_failed"


class PreconditionRequired(ServiceError):
    """The request has no If-Match header, which the service requires here."""

    status = 428
    code = "precondition_required"
    reason = "precondition_required"


class IdempotencyRunning(ServiceError):
    """Another request with the same key is being executed."""

    status = 409
    code = "idempotency_running"
    reason = "idempotency_running"


class IdempotencyNotStored(ServiceError):
    """The request was executed, but its response was too long to be stored."""

    status = 409
    code = "idempotency_not_stored"
    reason = "idempotency_not_stored"


class MethodNotAllowed(ServiceError):
    """The path exists, but accepts only the methods `allow`."""

    status = 405
    code = "method_not_allowed"
    reason = "method_not_allowed"


class RangeNotSatisfiable(ServiceError):
    """The requested range lies outside the file of `size` bytes."""

    status = 416
    code = "range_not_satisfiable"
    reason = "range_not_satisfiable"


class BadRequest(ServiceError):
    """The request is malformed."""

    status = 400
    code = "bad_request"


class MalformedRequest(BadRequest):
    """The bytes are not an HTTP request."""

    reason = "malformed_request"


class UnsupportedContentType(BadRequest):
    """The Content-Type `type` is not supported."""

    reason = "unsupported_content_type"


class BodyIsPhoto(BadRequest):
    """The body is not a form, but the photo itself or its base64 text."""

    reason = "body_is_photo"


class MalformedMultipart(BadRequest):
    """The multipart body is malformed: `problem` (in English, from the parser)."""

    reason = "malformed_multipart"


class MalformedJson(BadRequest):
    """The body is not a JSON object."""

    reason = "malformed_json"


class MalformedForm(BadRequest):
    """The urlencoded body cannot be read as UTF-8 fields."""

    reason = "malformed_form"


class IncompleteBody(BadRequest):
    """The client disconnected before the complete body had arrived."""

    reason = "incomplete_body"


class RequestTimeout(ServiceError):
    """No byte arrived for `seconds`, or the upload exceeded its total time."""

    status = 408
    code = "request_timeout"
    reason = "request_timeout"


class PayloadTooLarge(ServiceError):
    """The body is larger than `limit` bytes."""

    status = 413
    code = "payload_too_large"
    reason = "payload_too_large"


class ClientGone(ServiceError):
    """The client closed its connection before the work began; nobody receives this response."""

    status = 499
    code = "client_closed_request"
    reason = "client_gone"


class TooManyRequests(ServiceError):
    """The merchant's limit of `limit` requests is reached; the next fits in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_requests"


class TooManyGuesses(ServiceError):
    """Too many wrong secrets arrived recently; the next one is checked in `retry` seconds."""

    status = 429
    code = "too_many_requests"
    reason = "too_many_guesses"
