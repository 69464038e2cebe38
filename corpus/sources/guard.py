"""The guard in front of every connection: only addresses that anyone on the internet may reach, unless listed.

A name is resolved once, all of its addresses are checked, and the connection goes to the very address that was checked:
a name server that answers differently a moment later changes nothing. As the guard sits below HTTP, redirects pass it
like every other request.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

import httpcore

from errors import FetchError, SettingsError

__all__ = ["Allowed", "GuardedNetwork", "refusal"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that was ever given out for the internet (IANA); the rest is local, reserved or multicast."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_YOUNGER: tuple[Network, ...] = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Registered for special use (RFC 6890, 7526, 9637), but not known so to every Python that we run on."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be reached although it is not public: networks, and names whose addresses are taken as they come."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, listed: Iterable[str]) -> Allowed:
        """From addresses (`192.168.3.7`), networks (`10.0.0.0/8`) and names (`intranet.example`)."""
        networks, names = [], set()
        for text in listed:
            try:
                networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                if not text or any(sign in text for sign in "/:@ "):
                    told = "expected an address, a network (10.0.0.0/8) or a host's name, without scheme and port"
                    raise SettingsError(f"cannot allow {text!r}; {told}.") from None
                names.add(text.lower())
        return cls(tuple(networks), frozenset(names))

    def admits(self, host: str, address: Address) -> bool:
        return host.lower() in self.names or any(address in network for network in self.networks)


def refusal(address: Address) -> str:
    """Why this address is not one of the public internet; empty for one that is.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged as the IPv4 address that it leads to.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return refusal(inner)
    kinds = {
        "loopback": address.is_loopback,
        "unspecified": address.is_unspecified,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "reserved": address.is_reserved or any(address in network for network in _YOUNGER),
        "private": not address.is_global or (address.version == 6 and address not in _UNICAST),
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "")


class GuardedNetwork(httpcore.NetworkBackend):
    """Connections to checked addresses only, none of which outlives `deadline`.

    `deadline` is set anew before each request, in seconds of `time.monotonic()`; it holds for connections that are
    kept alive, too, and for headers that come a byte at a time.
    """

    def __init__(self, allowed: Allowed) -> None:
        self.deadline = time.monotonic()
        self._allowed = allowed
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises FetchError for a host that must not be reached, httpcore's errors for one that cannot be."""
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._network.connect_tcp(
                    str(address), port, self.left(timeout), local_address, socket_options
                )
                return _TimedStream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        raise FetchError(path, "is a socket of this machine, not an address of the web")

    def left(self, timeout: float | None) -> float:
        """Seconds that one step may take. Raises httpcore.ReadTimeout when the request has used up its time."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("took longer than a whole answer may")
        return left if timeout is None else min(left, timeout)

    def _addresses(self, host: str, port: int) -> list[Address]:
        """Those of `host`, none of them forbidden: a name that has one is up to no good, or not meant for us."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} is not known ({error})") from None
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        for address in addresses:
            kind = refusal(address)
            if kind and not self._allowed.admits(host, address):
                named = "" if str(address) == host.strip("[]") else f" at {address}"
                raise FetchError(host, f"is a {kind} host{named}; if it may be read, pass --allow {host}")
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A connection each step of which ends by the network's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, network: GuardedNetwork) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._network.left(timeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._network)  # type: ignore[arg-type]

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
