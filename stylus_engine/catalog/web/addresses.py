"""Which addresses may be asked: judged as text first, and as numbers where the socket is made."""

import errno
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from stylus_engine.catalog import clean
from stylus_engine.errors import UnsafeAddress

LONGEST = 4000  # characters; presigned addresses have about one thousand
INSIDE = "it leads into this machine or its own network"
# IPv6 ranges that wrap an IPv4 address, or that `ipaddress` still calls global.
_WRAPPING = tuple(
    IPv6Network(each)
    for each in (
        *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"),
        *("2001::/32", "fec0::/10"),
    )
)
_HOME = IPv6Address("::1")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_.])?", re.IGNORECASE)
_PLAIN = re.compile(r"[!-~]+")


class Inside(OSError):
    """A socket was about to be opened to an address that is not to be reached."""


def refusal(address: str, *, loopback: bool = False) -> str:
    """Why no socket may be opened to this IP address; "" = it may. `loopback` lets this machine pass.

    Wrapped IPv4 addresses (mapped, 6to4, Teredo, NAT64) are refused as such: what they
    wrap is decided by a gateway that we do not see.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return "it is no IP address"
    if loopback and ip.is_loopback and (ip.version == 4 or ip == _HOME):
        return ""
    return "" if ip.is_global and not ip.is_multicast and not _wraps(ip) else INSIDE


def _wraps(ip: IPv4Address | IPv6Address) -> bool:
    return isinstance(ip, IPv6Address) and any(ip in network for network in _WRAPPING)


def place(url: URL | str) -> str:
    """Host and path, for errors: no query, no fragment, no credentials."""
    try:
        known = URL(url) if isinstance(url, str) else url
        return clean.line(f"{known.host or ''}{known.path}", 120) or "the address"
    except ValueError:
        return "the address"


def judged(text: str, *, loopback: bool = False, base: URL | None = None) -> URL:
    """The address as it will be asked; `base` is where a redirect came from.

    Plain https without credentials, and http to this machine when `loopback` says so.
    Raises `UnsafeAddress`.
    """
    url = _parsed(text, base)
    why = _objection(url, loopback=loopback)
    if why:
        raise UnsafeAddress(source=place(url), why=why)
    return url


def _parsed(text: str, base: URL | None) -> URL:
    """Kept byte for byte where it is plain ASCII: presigned addresses do not survive requoting."""
    if len(text) > LONGEST or any(ord(c) <= 32 or ord(c) == 127 for c in text):
        raise UnsafeAddress(source="the address", why="it is too long or holds spaces")
    try:
        url = URL(text, encoded=bool(_PLAIN.fullmatch(text)))
        return url if base is None else base.join(url)
    except (ValueError, TypeError) as error:
        raise UnsafeAddress(source="the address", why="it cannot be read") from error


def _objection(url: URL, *, loopback: bool) -> str:
    try:
        host, port = url.raw_host, url.port
    except ValueError:
        return "its host or port cannot be read"
    if url.scheme != "https" and not (loopback and url.scheme == "http" and _is_home(host)):
        return "it is no https address"
    if url.raw_user is not None or url.raw_password is not None:
        return "it holds a name or a password"
    if not host or not port:
        return "it names no host"
    return _host_objection(host, loopback=loopback)


def _is_home(host: str | None) -> bool:
    return host == "localhost" or (host is not None and not refusal(host, loopback=True))


def _host_objection(host: str, *, loopback: bool) -> str:
    """Digits-and-dots that are no canonical address would still be one to a resolver."""
    if ":" in host or re.fullmatch(r"(0x[0-9a-f]*|[0-9.])+\.?", host, re.IGNORECASE):
        return refusal(host, loopback=loopback)
    return "" if _HOST.fullmatch(host) else "its host cannot be read"


class Guard(AbstractResolver):
    """A resolver that hands on only addresses that may be reached. Owns `inner`."""

    def __init__(self, inner: AbstractResolver, *, loopback: bool) -> None:
        self._inner = inner
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host` that pass. Raises `UnsafeAddress` when none does."""
        found = await self._inner.resolve(host, port, family)
        kept = [each for each in found if not refusal(each["host"], loopback=self._loopback)]
        if found and not kept:
            raise UnsafeAddress(source=host, why=INSIDE)
        return kept

    async def close(self) -> None:
        await self._inner.close()

    def socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """The last look: every socket is made here, those to written-out addresses too.

        Raises `Inside`; aiohttp never asks a resolver about an address that is a number.
        """
        family, kind, proto, _, address = info
        if refusal(str(address[0]), loopback=self._loopback):
            raise Inside(errno.EACCES, INSIDE)
        return socket.socket(family=family, type=kind, proto=proto)
