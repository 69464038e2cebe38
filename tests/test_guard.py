"""The guard that no address slips past, whatever it is written as, named by, or redirected from."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sources.fetch import Fetcher, Limits
from corpus.sources.guard import Allowed, refusal
from errors import SettingsError
from tests.misbehaving import Misbehaving, misbehaving, problem

HOST = "127.0.0.2"
QUICK = Limits(delay=0, timeout=2, backoff=0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving(HOST) as server:
        yield server


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Allowed.parse([HOST]), QUICK) as fetcher:
        yield fetcher


@pytest.mark.parametrize(
    ("address", "kind"),
    {
        "127.0.0.1": "loopback",
        "127.255.255.254": "loopback",
        "0.0.0.0": "unspecified",
        "10.1.2.3": "private",
        "172.16.0.1": "private",
        "192.168.1.1": "private",
        "100.64.0.1": "private",
        "192.0.0.8": "reserved",
        "192.88.99.1": "reserved",
        "198.18.0.1": "private",
        "192.0.2.1": "private",
        "169.254.169.254": "link-local",
        "224.0.0.1": "multicast",
        "240.0.0.1": "reserved",
        "255.255.255.255": "reserved",
        "::1": "loopback",
        "::": "unspecified",
        "fe80::1": "link-local",
        "fe80::1%1": "link-local",
        "fc00::1": "private",
        "fd12:3456::1": "private",
        "fec0::1": "private",
        "ff02::1": "multicast",
        "2001:db8::1": "private",
        "3fff::1": "reserved",
        "2001::1": "private",
        "::ffff:127.0.0.1": "loopback",
        "::ffff:10.0.0.1": "private",
        "::127.0.0.1": "reserved",
        "2002:7f00:1::1": "loopback",
        "2002:c0a8:101::1": "private",
        "64:ff9b::7f00:1": "loopback",
        "64:ff9b::a9fe:a9fe": "link-local",
        "64:ff9b:1::1": "reserved",
        "5f00::1": "reserved",
        "8.8.8.8": "",
        "193.99.144.80": "",
        "2a02:2e0:3fe:1001:302::": "",
        "::ffff:8.8.8.8": "",
        "2002:808:808::1": "",
        "64:ff9b::808:808": "",
    }.items(),
)
def test_an_address_is_public_or_refused(address: str, kind: str) -> None:
    assert refusal(ipaddress.ip_address(address)) == kind


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_dress(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for dressed in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert refusal(ipaddress.IPv6Address(dressed)) == refusal(address)


HIDDEN = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://user:word@127.0.0.1/",
)


@pytest.mark.parametrize("url", HIDDEN)
def test_no_spelling_of_a_private_address_is_connected_to(fetcher: Fetcher, url: str) -> None:
    assert " host" in problem(fetcher, url)
    assert "--allow" in problem(fetcher, url)


@pytest.mark.parametrize("url", HIDDEN)
def test_no_redirect_leads_to_one(fetcher: Fetcher, server: Misbehaving, url: str) -> None:
    first = server.page("/away", "", 302, location=url)
    assert "leads to http://" in problem(fetcher, first)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.2/", "gopher://a/", "data:,a", "http:///a", ""])
def test_only_the_web_is_fetched(fetcher: Fetcher, url: str) -> None:
    assert "no address of the web" in problem(fetcher, url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.2/", "javascript:alert(1)", "http://[::1/"])
def test_a_redirect_out_of_the_web_is_refused(fetcher: Fetcher, server: Misbehaving, url: str) -> None:
    assert "none of the web's" in problem(fetcher, server.page("/out", "", 301, location=url))


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A name server for names that end in .test: the first answer, then the next, then the last for ever."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: int, **named: int) -> list[tuple[object, ...]]:
        if not host.endswith(".test"):
            return list(real(host, port, *rest, **named))
        asked.append(host)
        return [entry for answer in answers[min(len(asked), len(answers)) - 1].split() for entry in real(answer, port)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_address_that_was_checked_is_the_one_connected_to(
    fetcher: Fetcher, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a name server that says something else a moment later."""
    asked = answering(monkeypatch, HOST, "127.0.0.1")
    url = server.page("/rebound", "as checked").replace(HOST, "rebind.test")
    assert fetcher.fetch(url).body == b"as checked"
    assert asked == ["rebind.test"]
    assert "loopback host at 127.0.0.1" in problem(fetcher, url)


def test_a_name_with_one_forbidden_address_is_refused(
    fetcher: Fetcher, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, f"{HOST} 10.0.0.1")
    url = server.page("/two", "").replace(HOST, "two.test")
    assert "private host at 10.0.0.1; if it may be read, pass --allow two.test" in problem(fetcher, url)


def test_a_listed_name_may_be_read_under_that_name_only(server: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HOST)
    url = server.page("/named", "here")
    with Fetcher(Allowed.parse(["Intranet.test"]), QUICK) as fetcher:
        assert fetcher.fetch(url.replace(HOST, "intranet.test")).body == b"here"
        assert "loopback" in problem(fetcher, url)


def test_a_listed_network_may_be_read(server: Misbehaving) -> None:
    with Fetcher(Allowed.parse(["10.0.0.0/8", "127.0.0.2/31"]), QUICK) as fetcher:
        assert fetcher.fetch(server.page("/net", "here")).body == b"here"


@pytest.mark.parametrize("listed", ["", "http://a", "a:80", "10.0.0.0/99", "a@b", "a b"])
def test_what_cannot_be_listed(listed: str) -> None:
    with pytest.raises(SettingsError, match="cannot allow"):
        Allowed.parse([listed])


def test_the_environments_proxy_is_not_asked(
    fetcher: Fetcher, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetcher.fetch(server.page("/direct", "itself")).body == b"itself"


def test_a_certificate_is_checked_for_the_name_not_the_address(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=bulletin.test",
    ]
    made += ["-addext", "subjectAltName=DNS:bulletin.test", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True)
    answering(monkeypatch, HOST)
    with misbehaving(HOST) as secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure.secure(context)
        url = secure.page("/", "vouched for").replace(f"http://{HOST}", "https://bulletin.test")
        with Fetcher(Allowed.parse([HOST]), QUICK) as fetcher:
            assert "self-signed certificate" in problem(fetcher, url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Fetcher(Allowed.parse([HOST]), QUICK) as fetcher:
            assert fetcher.fetch(url).body == b"vouched for"
            assert "Hostname mismatch" in problem(fetcher, url.replace("bulletin.test", "other.test"))
