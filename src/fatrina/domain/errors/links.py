"""Errors of a photo's link: its syntax, its address, and the server behind it."""

from fatrina.domain.errors.photos import PhotoError


class LinkError(PhotoError):
    """A link that is not allowed, or whose download failed."""


class LinkMalformed(LinkError):
    """The text is not an absolute http or https URL."""

    reason = "link_malformed"


class LinkTooLong(LinkError):
    """The link is longer than `limit` characters."""

    reason = "link_too_long"


class LinkCredentials(LinkError):
    """The URL contains a user name or a password."""

    reason = "link_credentials"


class LinkPortNotAllowed(LinkError):
    """The URL contains the port `port`; only 80 and 443 are allowed."""

    reason = "link_port_not_allowed"


class LinkAddressNotAllowed(LinkError):
    """The host, or one of its addresses, is not public."""

    reason = "link_address_not_allowed"


class LinkUnresolved(LinkError):
    """The host name cannot be resolved."""

    reason = "link_unresolved"


class LinkUnreachable(LinkError):
    """The server refused or closed the connection."""

    reason = "link_unreachable"


class LinkTls(LinkUnreachable):
    """The TLS handshake failed: the server does not support TLS, or no accepted version of it."""

    reason = "link_tls"


class LinkCertificateExpired(LinkTls):
    """The server's certificate has expired, or is not valid yet."""

    reason = "link_certificate_expired"


class LinkCertificateHost(LinkTls):
    """The server's certificate is not valid for `host`."""

    reason = "link_certificate_host"


class LinkCertificateUntrusted(LinkTls):
    """The certificate is self-signed, of an unknown authority, or its chain is incomplete."""

    reason = "link_certificate_untrusted"


class LinkInvalidResponse(LinkError):
    """The server's response is not valid HTTP, or is incomplete."""

    reason = "link_invalid_response"


class LinkStatus(LinkError):
    """The server answered with status `status` instead of 200."""

    reason = "link_status"


class LinkDenied(LinkError):
    """The server refused to send the file: `status` is 401, 403, 407 or 451."""

    reason = "link_denied"


class LinkNotFound(LinkError):
    """The server has no file at this URL: `status` is 404 or 410."""

    reason = "link_not_found"


class LinkIsPage(LinkError):
    """The link leads to a web page instead of an image file."""

    reason = "link_is_page"


class LinkNotImage(LinkError):
    """The link leads to a file of another type: `type`, its declared media type."""

    reason = "link_not_image"


class LinkTooManyRedirects(LinkError):
    """The link redirects more than `limit` times."""

    reason = "link_too_many_redirects"


class LinkContentEncoding(LinkError):
    """The server compressed the file with `encoding`, which is not supported."""

    reason = "link_content_encoding"


class LinkTooLarge(LinkError):
    """The server sends more than `limit` bytes."""

    reason = "link_too_large"


class LinkTimeout(LinkError):
    """The download took more than `limit` seconds."""

    reason = "link_timeout"
