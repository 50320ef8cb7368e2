"""Requests to addresses that somebody typed in: to public ones alone, and only where they say.

The name is looked up once and the address that was checked is the one that is spoken to, so a name
that changes in between leads nowhere. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3

from bot.errors import AftersaleError

#: Seconds for connecting and for each part of the answer.
TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
#: Bytes of an answer that are read at most.
_READ = 65_536


class Unreachable(AftersaleError):
    """An address could not be spoken to, or may not be; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def check_url(url: str, *, private: bool = False) -> SplitResult:
    """The parts of an address. Raises AftersaleError for one that cannot be used.

    `private`: addresses of one's own network, and plain http, are allowed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AftersaleError("this is not a web address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise AftersaleError("the address must begin with https:// and name a host")
    if parts.username or parts.password or parts.fragment:
        raise AftersaleError("the address must hold no user name, password or #")
    if any(c.isspace() or ord(c) < 32 for c in url):
        raise AftersaleError("the address must hold no spaces")
    if parts.scheme == "http" and not private:
        raise AftersaleError("the address must begin with https://")
    return parts


def send(method: str, url: str, body: bytes | None = None,
         headers: Mapping[str, str] | None = None, *, private: bool = False) -> Answer:
    """Sends one request. Raises Unreachable, or AftersaleError for an unusable address."""
    parts = check_url(url, private=private)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port, private)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    shown = f"[{host}]" if ":" in host else host
    sent = {"Host": shown if parts.port is None else f"{shown}:{port}",
            "User-Agent": "aftersale/1", **(headers or {})}
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            address, port, timeout=TIMEOUT, maxsize=1, cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(), server_hostname=host, assert_hostname=host)
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=TIMEOUT, maxsize=1)
    try:
        with pool:
            response = pool.urlopen(method, path, body=body, headers=sent, redirect=False,
                                    retries=False, preload_content=False)
            answer = Answer(response.status, response.read(_READ))
            response.close()
            return answer
    except (urllib3.exceptions.HTTPError, OSError, UnicodeError, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:300]) from None


def _address(host: str, port: int, private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} was not found: {error}") from None
    addresses = [str(each[4][0]) for each in found]
    if not private and not all(_public(each) for each in addresses):
        raise Unreachable(f"{host} is in a private network, which is not allowed")
    return addresses[0]


def _public(written: str) -> bool:
    address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return _public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved
