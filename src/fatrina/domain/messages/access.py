"""Texts for authentication and authorization errors."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "invalid_token": Message("The access token is invalid", "The access token is invalid"),
    "insufficient_scope": Message(
        "The access token should have access to one of those scopes: {scope}",
        "The access token should have access to one of those scopes: {scope}",
    ),
    "sign_in_failed": Message(
        "رمز المتجر أو مفتاح المالك غير صحيح. تحقق منهما ثم أعد المحاولة.",
        "The store code or the owner's key is wrong. Check both and try again.",
    ),
    "sign_in_link_invalid": Message(
        "انتهت صلاحية رابط الدخول أو استُخدم من قبل. اطلب رابطًا جديدًا أو ادخل بمفتاح المالك.",
        "The sign-in link has expired or was used already. Request a new one, or use the owner's key.",
    ),
    "forbidden": Message(
        "لا يمكن لهذا التطبيق الوصول إلى المتجر حاليًّا. تواصل مع صاحب المتجر.",
        "This app cannot access the store at the moment. Contact the store's owner.",
    ),
}
