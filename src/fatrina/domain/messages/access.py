"""Texts for authentication and authorization errors."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "invalid_token": Message("The access token is invalid", "The access token is invalid"),
    "insufficient_scope": Message(
        "The access token should have access to one of those scopes: {scope}",
        "The access token should have access to one of those scopes: {scope}",
    ),
    "forbidden": Message(
        "لا يمكن لهذا التطبيق الوصول إلى المتجر حاليًّا. تواصل مع صاحب المتجر.",
        "This app cannot access the store at the moment. Contact the store's owner.",
    ),
}
