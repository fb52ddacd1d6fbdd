"""The consent page in Arabic and English: HTML without scripts and external resources."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fatrina.domain.access import READ, WRITE
from fatrina.domain.messages import Language
from fatrina.domain.oauth import OFFLINE_ACCESS

_STYLE: Final = """
:root { color-scheme: light dark; --line: light-dark(#76736c, #97938a); }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 16px/1.6 system-ui, "Noto Sans Arabic", sans-serif;
  background: light-dark(#f3f1ec, #1b1a18); color: light-dark(#22201c, #eeeae2); }
main { box-sizing: border-box; width: min(26rem, 100% - 2rem); margin: 2rem 0; padding: 2rem;
  border-radius: 1rem; background: light-dark(#fff, #262421);
  box-shadow: 0 1px 3px #0003, 0 8px 32px #0002; }
h1 { font-size: 1.3rem; line-height: 1.4; margin: 0 0 1rem; }
ul { padding-inline-start: 1.2rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .6rem .8rem; font: inherit; color: inherit;
  border: 1px solid var(--line); border-radius: .5rem; background: transparent; }
input[aria-invalid] { border-color: light-dark(#b3261e, #f2958d); }
small { opacity: .75; }
.wrong { padding: .6rem .8rem; border-radius: .5rem; background: #c0392b22; font-weight: 600; }
.buttons { display: flex; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1; padding: .7rem; font: inherit; font-weight: 600; border-radius: .5rem;
  border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button[value=allow] { background: #0b6e4f; border-color: light-dark(#0b6e4f, #3fa885);
  color: #fff; }
footer { margin-top: 1.5rem; text-align: center; }
a { color: inherit; }
"""
_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of these pages."""


class _Texts(NamedTuple):
    """The texts of the pages in one language."""

    title: str
    wants: str
    service: str
    scopes: Mapping[str, str]
    merchant: str
    key: str
    hint: str
    wrong: str
    allow: str
    deny: str
    no_redirect: str
    no_redirect_reason: str
    other: str


_TEXTS: Final[Mapping[Language, _Texts]] = {
    "ar": _Texts(
        title="السماح لتطبيق بالوصول إلى متجرك",
        wants="يطلب تطبيق «{app}» الوصول إلى متجرك، ليتمكن من:",
        service="هذه صفحة خدمة الصور «فترينة» على {host}. "
        "اكتب رمز متجرك ومفتاح المالك في هذه الخدمة.",
        scopes={
            READ: "الاطلاع على المنتجات وصورها",
            WRITE: "الاطلاع على المنتجات وصورها وتعديلها وحذفها",
            OFFLINE_ACCESS: "الاستمرار في ذلك حتى عندما لا تكون متصلًا",
        },
        merchant="رمز المتجر",
        key="مفتاح المالك",
        hint="يطبعه الأمر fatrina merchant key، ولا يصل إلى التطبيق.",
        wrong="رمز المتجر أو مفتاح المالك غير صحيح. تحقق منهما ثم أعد المحاولة.",
        allow="أوافق",
        deny="أرفض",
        no_redirect="لا يمكن إكمال الطلب",
        no_redirect_reason="التطبيق أو عنوان العودة غير مسجّل هنا. "
        "تواصل مع مطوّر التطبيق: يعرض الأمر fatrina app list التطبيقات المسجّلة.",
        other="English",
    ),
    "en": _Texts(
        title="Allow an app to access your store",
        wants="“{app}” requests access to your store. It will be able to:",
        service="This page belongs to the image service Fatrina at {host}. Enter your store's code "
        "and owner's key of this service.",
        scopes={
            READ: "view products and their images",
            WRITE: "view, change and delete products and their images",
            OFFLINE_ACCESS: "keep this access while you are offline",
        },
        merchant="Store code",
        key="Owner's key",
        hint="The command fatrina merchant key prints it. The app does not receive it.",
        wrong="The store code or the owner's key is wrong. Check both and try again.",
        allow="Allow",
        deny="Decline",
        no_redirect="This request cannot be completed",
        no_redirect_reason="The app or its redirect URI is not registered here. "
        "Contact the app's developer: the command fatrina app list shows the registered apps.",
        other="العربية",
    ),
}


def consent_page(  # noqa: PLR0913  the contents of the page
    language: Language,
    app_name: str,
    scopes: Iterable[str],
    params: Mapping[str, str],
    merchant_code: str = "",
    *,
    host: str,
    invalid_credentials: bool = False,
) -> str:
    """Return the consent page; its form repeats `params`, the authorization request.

    `host` is the host of the service, which the page names.
    """
    texts = _TEXTS[language]
    other: Language = "en" if language == "ar" else "ar"
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in {**params, "lang": language}.items()
    )
    scope_items = "".join(f"<li>{escape(texts.scopes[scope])}</li>" for scope in scopes)
    alert, invalid, invalid_key = "", "", 'aria-describedby="hint"'
    if invalid_credentials:
        alert = f'<p class="wrong" id="wrong" role="alert">{escape(texts.wrong)}</p>'
        invalid = 'aria-invalid="true" aria-describedby="wrong"'
        invalid_key = 'aria-invalid="true" aria-describedby="wrong hint"'
    # After an error, the code is usually right: then the key is what to type again.
    focus_code, focus_key = ("", " autofocus") if merchant_code else (" autofocus", "")
    service = escape(texts.service).format(host=f'<bdi dir="ltr">{escape(host)}</bdi>')
    switch, code = escape(urlencode({**params, "lang": other})), escape(merchant_code)
    return _page(
        language,
        texts.title,
        f"""<h1>{texts.wants.format(app=f"<bdi>{escape(app_name)}</bdi>")}</h1>
<ul>{scope_items}</ul>
<p>{service}</p>
{alert}
<form method="post" action="/oauth2/auth">
{hidden}
<label for="merchant">{escape(texts.merchant)}</label>
<input id="merchant" name="merchant" value="{code}" autocomplete="username" dir="ltr"
  autocapitalize="none" spellcheck="false" required{focus_code} {invalid}>
<label for="key">{escape(texts.key)}</label>
<input id="key" name="key" type="password" autocomplete="current-password" dir="ltr"
  required{focus_key} {invalid_key}>
<small id="hint">{escape(texts.hint)}</small>
<div class="buttons">
<button name="decision" value="allow">{escape(texts.allow)}</button>
<button name="decision" value="deny" formnovalidate>{escape(texts.deny)}</button>
</div>
</form>
<footer><a href="/oauth2/auth?{switch}" lang="{other}" hreflang="{other}">{texts.other}</a></footer>
""",
    )


def error_page(language: Language, reason: str = "") -> str:
    """Return the page for a request whose error cannot be sent to an app."""
    texts = _TEXTS[language]
    text = f"<h1>{escape(texts.no_redirect)}</h1><p>{escape(texts.no_redirect_reason)}</p>"
    return _page(language, texts.no_redirect, text + (f"<p><small>{escape(reason)}</small></p>"))


def _page(language: Language, title: str, body: str) -> str:
    direction = "rtl" if language == "ar" else "ltr"
    return f"""<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Fatrina</title>
<style>{_STYLE}</style>
<main>
{body}
</main>
</html>
"""
