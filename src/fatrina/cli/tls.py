"""`fatrina tls`: a certificate with which the service can answer as the real API's hosts."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from fatrina.cli.common import exit_on_error, fail
from fatrina.settings import CA_FILE, CERTIFICATE_FILE

_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]{1,63})*")
_INSTRUCTIONS: Final = """\
1. Let the client trust the authority, with what it supports:
   export SSL_CERT_FILE={ca} REQUESTS_CA_BUNDLE={ca} NODE_EXTRA_CA_CERTS={ca}
   php -d openssl.cafile={ca} -d curl.cainfo={ca} …
   curl --cacert {ca} …
2. Let the host names lead to this machine: a line for /etc/hosts
   127.0.0.1 {hosts}
   or, in compose.yaml, aliases of the service fatrina
   networks: {{default: {{aliases: [{aliases}]}}}}
   or, for one request, curl --resolve {resolve}
3. Serve HTTPS on the port that clients use; a port below 1024 needs a privilege
   fatrina serve --tls {directory} --port 443
   or another port, to which this machine (or an nginx, HAProxy or socat) forwards port 443:
   sudo iptables -t nat -A OUTPUT -o lo -p tcp --dport 443 -j REDIRECT --to-ports 8443
"""


def tls(
    directory: Annotated[Path, typer.Argument(help="Directory of the keys and certificates.")] = (
        Path("tls")
    ),
    name: Annotated[
        list[str], typer.Option(help="Another host name for the certificate. Can be repeated.")
    ] = [],  # noqa: B006  typer copies it
) -> None:
    """Create a local certificate authority and a certificate for accounts.salla.sa, api.salla.dev.

    The certificate is valid for a year; run the command again to renew it.
    """
    try:
        from fatrina import certificates  # noqa: PLC0415  an optional dependency
    except ImportError:
        fail("This command needs the package cryptography: pip install cryptography")
    names = [each.lower().rstrip(".") for each in name]
    for each in names:
        if not _NAME.fullmatch(each):
            fail(f"“{each}” is not a host name.")
    with exit_on_error():
        try:
            is_new = certificates.create(directory, names)
        except certificates.CertificateError as exc:
            fail(str(exc))
    path = directory.resolve()
    hosts = certificates.HOSTS
    typer.echo(
        f"{'New' if is_new else 'Existing'} authority: {path / CA_FILE}\n"
        f"New certificate: {path / CERTIFICATE_FILE}\n"
        + _INSTRUCTIONS.format(
            ca=path / CA_FILE,
            hosts=" ".join(hosts),
            aliases=", ".join(hosts),
            resolve=f"{hosts[1]}:443:127.0.0.1",
            directory=directory,
        ),
        nl=False,
    )
