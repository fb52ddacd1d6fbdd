"""Checks of the settings: values that cannot work, and values that may be unintended."""

import logging
import os
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fatrina.doctor.report import Report
from fatrina.domain.access import is_guessable
from fatrina.settings import Settings

_PREFIX: Final = "FATRINA_"
_MIN_TOKEN_LENGTH: Final = 32


def check_settings(report: Report, settings: Settings) -> None:
    """Check the settings that can be wrong although they are well-formed."""
    before = report.failures + report.warnings
    _check_public_url(report, settings)
    _check_download_allow(report, settings)
    _check_admin_token(report, settings.admin_token)
    if settings.keep_days == 0:
        finding = "0: a replaced image's URLs stop working at the next sweep"
        report.warn(
            "FATRINA_KEEP_DAYS", finding, "Pages and caches with these URLs break: set some days."
        )
    if settings.incoming_bytes < settings.photo_bytes:
        finding = f"{settings.incoming_bytes:,}, less than FATRINA_PHOTO_BYTES"
        report.fail(
            "FATRINA_INCOMING_BYTES", finding, "The largest photo would never fit: increase it."
        )
    if settings.log_level.upper() not in logging.getLevelNamesMapping():
        finding = f"“{settings.log_level}” is unknown: info is used"
        report.warn("FATRINA_LOG_LEVEL", finding, "Use debug, info, warning or error.")
    for name in _unknown_variables():
        report.warn(name, "is an unknown setting", "Correct the name: see docs/settings.md.")
    if report.failures + report.warnings == before:
        report.ok("all", f"image URLs begin with {settings.base}")


def _check_public_url(report: Report, settings: Settings) -> None:
    name = "FATRINA_PUBLIC_URL"
    if not settings.public_url:
        if not _is_loopback(settings.host):
            finding = f"is empty: image URLs begin with {settings.base}"
            report.warn(
                name, finding, "Set it to the URL by which clients reach this service or its CDN."
            )
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        finding = f"“{settings.public_url}” is not an http or https URL"
        report.fail(name, finding, "Use a complete URL, such as https://images.example.com.")
    elif parts.query or parts.fragment:
        finding = f"“{settings.public_url}” has a query or a fragment"
        report.fail(name, finding, "Remove them: file names are appended to this URL.")


def _check_admin_token(report: Report, token: str) -> None:
    advice = "Use at least 32 random characters, for example: openssl rand -hex 16"
    if token and is_guessable(token):
        report.fail("FATRINA_ADMIN_TOKEN", "is easily guessed: fatrina serve rejects it", advice)
    elif 0 < len(token) < _MIN_TOKEN_LENGTH:
        finding = f"has {len(token)} characters: anyone who guesses it controls the service"
        report.warn("FATRINA_ADMIN_TOKEN", finding, advice)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_download_allow(report: Report, settings: Settings) -> None:
    if settings.download_allow:
        finding = ", ".join(settings.download_allow)
        advice = "Anyone with a token can reach these: use it only for development."
        report.warn("FATRINA_DOWNLOAD_ALLOW", finding, advice)


def _unknown_variables() -> Iterator[str]:
    known = {(_PREFIX + name).upper() for name in Settings.model_fields}
    return (
        name
        for name in os.environ
        if name.upper().startswith(_PREFIX) and name.upper() not in known
    )
