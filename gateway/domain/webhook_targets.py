"""Where webhooks may lead, and how what is sent there is signed.

Whoever enters an address makes the gateway open connections: without these rules it would open them inside of
its own network for whoever may enter one.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

URL_LIMIT: Final = 500
# RFC 1035, section 2.3.4.
_LABEL_LIMIT: Final = 63
_HOST_LIMIT: Final = 253
# Public by their own look, and a way to a private address: NAT64 (RFC 6052, 8215), 6to4 and its relays,
# Teredo, IPv4 translated (RFC 2765) or in the deprecated compatible form, and site-local IPv6.
_WRAPPING: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "192.88.99.0/24", "2001::/32"),
        *("::ffff:0:0:0/96", "::/96", "fec0::/10"),
    )
)


@dataclass(frozen=True, slots=True)
class Target:
    """An address in its parts; `path` has the query with it."""

    is_https: bool
    host: str
    port: int
    path: str


def parse_target(url: str) -> Target:
    """Return the parts of a webhook's address; raise InputError for one that is never taken."""
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        raise InputError(f"An address has at most {URL_LIMIT} printable ASCII characters and no spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError("This is not an address: write https://host/path.") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise InputError("A webhook's address begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError("A webhook's address names no user, no password and no fragment.")
    is_https = parts.scheme == "https"
    if port == 0:
        raise InputError("Port 0 is no port.")
    if not _is_host(parts.hostname):
        raise InputError("The host's name is none: its parts have 1 to 63 characters each.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_https, parts.hostname, port or (443 if is_https else 80), path)


def refuse_addresses(target: Target, addresses: Sequence[str], networks: Sequence[Network]) -> None:
    """Return if every one of these addresses, to which the name leads, may be connected to.

    Public addresses may, and those in `networks`; plain http goes to this machine only, if it is among those.
    Raises InputError that names no address: whoever asks shall not learn what our network looks like.
    """
    found = [_unwrapped(ipaddress.ip_address(address.partition("%")[0])) for address in addresses]
    if not found:
        raise InputError(f"{target.host} leads nowhere.")
    for address in found:
        is_listed = any(address in network for network in networks if network.version == address.version)
        if not (is_listed or _is_public(address)):
            raise InputError(
                f"{target.host} leads into a private network, where nothing is sent: "
                "GATEWAY_WEBHOOK_NETWORKS lists those that may be."
            )
        if not target.is_https and not (is_listed and address.is_loopback):
            raise InputError("Plain http is for this machine only, in practice; write https://.")


def networks_of(text: str) -> tuple[Network, ...]:
    """Read a list of networks, separated by commas; raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def signature_of(secret: str, timestamp: int, body: bytes) -> str:
    """Return the HMAC-SHA256 over "<timestamp>.<body>", in hexadecimal, as the receiver computes it."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _is_host(host: str) -> bool:
    if ":" in host:
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= _HOST_LIMIT and all(1 <= len(label) <= _LABEL_LIMIT for label in labels)


def _unwrapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    is_wrapping = any(address in network for network in _WRAPPING if network.version == address.version)
    return address.is_global and not address.is_multicast and not is_wrapping
