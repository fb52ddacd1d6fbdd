"""Errors of a request's fields."""

from fatrina.domain.errors.base import Params, ServiceError, rebuild

MAX_ERRORS = 25
"""Fields of one request that are reported; errors of further fields are dropped."""
_MAX_FIELD_LENGTH = 200


class ValidationFailed(ServiceError):
    """One or more fields are invalid; `field_errors` holds MAX_ERRORS of them at most."""

    status = 422
    code = "error"
    reason = "validation_failed"

    def __init__(self, *field_errors: "FieldError") -> None:
        super().__init__()
        self.field_errors = field_errors[:MAX_ERRORS]

    def flatten(self) -> tuple[ServiceError, ...]:
        """Return the errors of the fields."""
        return self.field_errors

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.field_errors


class FieldError(ServiceError):
    """One invalid field; `field` is its name in the contract."""

    status = 422
    code = "error"

    def __init__(self, field: str = "photo", **params: Params) -> None:
        super().__init__(**params)
        # The client chooses the name: it can be long, and JSON can spell a lone surrogate.
        self.field = field[:_MAX_FIELD_LENGTH].encode("utf-8", "replace").decode()

    def __reduce__(self) -> tuple[object, ...]:
        return rebuild, (type(self), {"field": self.field, **self.params})


class Required(FieldError):
    """The field is required and missing."""

    reason = "required"


class RequiredWithout(FieldError):
    """The field is required when `other` is missing."""

    reason = "required_without"


class InvalidChoice(FieldError):
    """The value is not one of `known`."""

    reason = "invalid_choice"


class UnknownField(FieldError):
    """The field is not one of `known`."""

    reason = "unknown_field"


class IdTaken(FieldError):
    """The id `id` is in use, or was used before."""

    reason = "id_taken"


class TokenTaken(FieldError):
    """The token belongs to another merchant."""

    reason = "token_taken"


class InvalidSeed(FieldError):
    """The seed data is invalid: `problem` (in English, with its location)."""

    reason = "invalid_seed"


class InvalidDump(FieldError):
    """The file to restore is not a valid dump: `problem` (in English)."""

    reason = "invalid_dump"


class HeaderNotAllowed(FieldError):
    """The header `name` cannot be sent, or is set by Fatrina."""

    reason = "header_not_allowed"


class InvalidSecret(FieldError):
    """The secret is sent in a header, and is not a valid header value."""

    reason = "invalid_secret"


class TooManyHeaders(FieldError):
    """The subscription has more than `limit` custom headers."""

    reason = "too_many_headers"


class RuleNotSupported(FieldError):
    """The subscription has a rule that filters events; rules are not supported."""

    reason = "rule_not_supported"


class TooManySubscriptions(FieldError):
    """The merchant has `limit` subscriptions already."""

    reason = "too_many_subscriptions"


class NotInteger(FieldError):
    """The value is not an integer."""

    reason = "not_integer"


class NotNumber(FieldError):
    """The value is not a finite number."""

    reason = "not_number"


class NotBoolean(FieldError):
    """The value is not a boolean (1, 0, true, false)."""

    reason = "not_boolean"


class NotString(FieldError):
    """The value is not text."""

    reason = "not_string"


class TextTooLong(FieldError):
    """The text is longer than `limit` characters."""

    reason = "text_too_long"


class ControlCharacter(FieldError):
    """The text contains the control character `character` (as U+XXXX)."""

    reason = "control_character"


class InvalidEncoding(FieldError):
    """The bytes of the text are not valid in UTF-8, or in the declared encoding."""

    reason = "invalid_encoding"


class UnsupportedCharset(FieldError):
    """The text is in the encoding `charset`, which is not supported."""

    reason = "unsupported_charset"


class OutOfRange(FieldError):
    """The number is not between `low` and `high`."""

    reason = "out_of_range"


class NotList(FieldError):
    """The value is not a list."""

    reason = "not_list"


class ListTooLong(FieldError):
    """The list has more than `limit` items."""

    reason = "list_too_long"


class NestedTooDeeply(FieldError):
    """The value has more than `limit` levels of lists and objects."""

    reason = "nested_too_deeply"


class DetailsTooLarge(FieldError):
    """The fields of a product need more than `limit` bytes as JSON."""

    reason = "details_too_large"


class NotObject(FieldError):
    """The value is not an object (named values in braces)."""

    reason = "not_object"


class InvalidVideoLink(FieldError):
    """The text is not the link of a YouTube video."""

    reason = "invalid_video_link"


class SkuTaken(FieldError):
    """Another product of this merchant has the SKU `sku`."""

    reason = "sku_taken"


class InvalidIdempotencyKey(FieldError):
    """The Idempotency-Key header is not 1 to 255 visible ASCII characters."""

    reason = "invalid_idempotency_key"


class IdempotencyMismatch(FieldError):
    """The key was used for another request."""

    reason = "idempotency_mismatch"


class InvalidOrder(FieldError):
    """The list does not contain exactly the product's images, whose ids are `expected`."""

    reason = "invalid_order"


class GalleryFull(FieldError):
    """The product has the maximum of `limit` images."""

    reason = "gallery_full"
