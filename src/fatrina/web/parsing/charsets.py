"""Character encodings of form fields: UTF-8 unless a part or the form specifies another."""

import re
from encodings.aliases import aliases
from typing import Final

from fatrina.domain import errors

UTF_8: Final = "utf-8"
CHARSET_FIELD: Final = "_charset_"
"""The form field that specifies the encoding of the text fields (RFC 7578, section 4.6)."""

# The encodings that Windows, Office and older web servers use. Codecs of Python that are not
# character sets (idna, unicode_escape) or need more than linear time are excluded.
_ALLOWED_CODECS: Final = re.compile(
    r"utf_8(_sig)?|utf_16(_[lb]e)?|ascii|cp125[0-8]|cp(437|720|850|852|864|866|874)"
    r"|iso8859_[0-9]{1,2}|latin_1|mac_(roman|arabic|cyrillic|greek|turkish)|koi8_[ru]"
)
# `codecs.lookup` caches every unknown name permanently, so names from clients are looked up here.
_CODECS: Final = {name: name for name in aliases.values() if _ALLOWED_CODECS.fullmatch(name)} | {
    alias: name for alias, name in aliases.items() if _ALLOWED_CODECS.fullmatch(name)
}
_CODECS_WITHOUT_ALIAS: Final = {
    "cp720": "cp720",
    "utf_8_sig": "utf_8_sig",
    "mac_arabic": "mac_arabic",
}


def find_codec(field: str, charset: str) -> str:
    """Return the name of the Python codec for an encoding.

    Raises:
        errors.UnsupportedCharset: the encoding is not supported.
    """
    name = charset.strip(" \t\"'").lower().replace("-", "_")
    found = _CODECS.get(name) or _CODECS_WITHOUT_ALIAS.get(name)
    if found is None:
        raise errors.UnsupportedCharset(field, charset=charset)
    # On the web, Latin-1 means windows-1252 (WHATWG Encoding, section 4.2).
    return "cp1252" if found == "latin_1" else found


def decode(field: str, data: bytes, charset: str) -> str:
    """Return `data` decoded with an encoding.

    Raises:
        errors.UnsupportedCharset: the encoding is not supported.
        errors.InvalidEncoding: the bytes are not valid in this encoding.
    """
    try:
        return data.decode(find_codec(field, charset))
    except UnicodeError:
        raise errors.InvalidEncoding(field) from None
