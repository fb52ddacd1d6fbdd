"""Texts of every error in Arabic and English, and the choice of the language."""

from typing import Final

from fatrina.domain.errors import FieldError, Params, ServiceError
from fatrina.domain.messages import access, availability, fields, links, photos, requests
from fatrina.domain.messages.formatting import ParamFormatter
from fatrina.domain.messages.message import Language, Message
from fatrina.domain.messages.negotiation import negotiate_language

__all__ = ["MESSAGES", "Language", "Message", "negotiate_language", "render"]

MESSAGES: Final[dict[str, Message]] = {
    **access.MESSAGES,
    **requests.MESSAGES,
    **fields.MESSAGES,
    **photos.MESSAGES,
    **links.MESSAGES,
    **availability.MESSAGES,
}
"""Texts by reason, in the order of `errors.subclasses`.

The contract's own texts are used literally: 401 and a full gallery are in English in both
languages, and one Arabic text ends in a space.
"""


def render(error: ServiceError, language: Language) -> str:
    """Return the text of an error, with its parameters formatted for people."""
    message = MESSAGES[error.reason]
    text = message.ar if language == "ar" else message.en
    return ParamFormatter(language).vformat(text, (), _params(error))


def _params(error: ServiceError) -> dict[str, Params]:
    """Return the error's parameters, its field, and the number of pixels."""
    params = dict(error.params)
    if isinstance(error, FieldError):
        params["field"] = error.field.replace("_", " ")
    if isinstance(other := params.get("other"), str):
        params["other"] = other.replace("_", " ")
    width, height = params.get("width"), params.get("height")
    if isinstance(width, int) and isinstance(height, int):
        # Rounded up to a tenth of a megapixel, so that an excess of one pixel exceeds the limit.
        params["pixels"] = -(-width * height // 100_000) * 100_000
    return params
