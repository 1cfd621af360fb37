"""Which addresses are asked, and that nothing inside is."""

import socket
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.web.addresses import Guard, Inside, judged, place, refusal
from stylus_engine.errors import (
    UnsafeAddress,
)
from tests.catalog.servers.asking import answers, reply
from tests.catalog.servers.serving import serving

PUBLIC = ("93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::8")
INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),  # noqa: S104 - an address to refuse, nothing is bound to it
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
    *("240.0.0.1", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0"),
    *("fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "fec0::1", "2001:db8::1"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_inside_is_refused(address):
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_net_is_not(address):
    assert refusal(address) == ""


def test_loopback_alone_may_be_allowed():
    assert [each for each in INSIDE if not refusal(each, loopback=True)] == [
        "127.0.0.1", "127.8.8.8", "::1",
    ]  # fmt: skip
    assert refusal("no address")


@given(st.ip_addresses())
def test_nothing_private_passes(ip):
    if not refusal(str(ip)):
        assert ip.is_global
        assert not any((ip.is_private, ip.is_loopback, ip.is_link_local, ip.is_multicast))
        assert getattr(ip, "ipv4_mapped", None) is None
        assert getattr(ip, "sixtofour", None) is None
        assert getattr(ip, "teredo", None) is None


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://x.org/a", "http://x.org/a", "//x.org/a", "x.org/a", ""),
        *("https://me:secret@x.org/a", "https://me@x.org/a", "https://:pw@x.org/", "https:///a"),
        *("https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/"),
        *(
            "https://[::ffff:7f00:1]/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://127.1/",
        ),
        *("https://0177.0.0.1/", "https://x.org:99999/", "https://x.org:0/", "https://x.org/\na"),
        *("https://a b.org/", "https://x.org\\@y.org/", "javascript:alert(1)", "data:text/html,x"),
        *(
            "https://" + "a" * 5000,
            "https://[fe80::1%25eth0]/",
            "https://127.0.0.1./",
            "https://%31/",
        ),
    ],
)
def test_what_is_no_plain_https_address_is_not_asked(url):
    with pytest.raises(UnsafeAddress) as caught:
        judged(url)
    assert "secret" not in str(caught.value)


def test_a_presigned_address_stays_byte_for_byte():
    signed = "https://x.org/a%2Fb?X-Sig=%2Babc%3D&name=filename%3D%27a.safetensors%27"
    assert str(judged(signed)) == signed
    assert judged("b?c=%2B", base=URL("https://x.org/a/")).raw_path_qs == "/a/b?c=%2B"


@given(st.text(max_size=80))
def test_judging_never_raises_anything_else(text):
    for url in (text, f"https://{text}", f"https://x.org/{text}"):
        try:
            found = judged(url)
        except UnsafeAddress:
            continue
        assert found.scheme == "https"
        assert found.raw_host
        assert found.raw_user is None


def test_errors_name_no_query():
    assert place("https://u:p@x.org/a/b?token=secret#f") == "x.org/a/b"
    assert place("https://[") == "the address"


class Names(AbstractResolver):
    """A resolver whose answers change with each look-up, as a rebinding name server's do."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host, host=ip, port=port, proto=0, flags=0,
                family=socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET,
            )
            for ip in found
        ]  # fmt: skip

    async def close(self):
        pass


@pytest.mark.asyncio
@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "127.0.0.1", "fd00:ec2::254"])
async def test_a_name_that_leads_inside_is_refused_where_it_connects(address):
    async with Web(Rules(tries=1), resolver=Names([address])) as web:
        with pytest.raises(UnsafeAddress, match=r"rebound\.example"):
            await web.json("https://rebound.example/a?token=secret")


@pytest.mark.asyncio
async def test_of_several_addresses_only_public_ones_are_handed_on():
    guard = Guard(Names(["10.0.0.5", "1.1.1.1", "::1"]), loopback=False)
    assert [each["host"] for each in await guard.resolve("x.org", 443)] == ["1.1.1.1"]


@pytest.mark.asyncio
async def test_every_look_up_is_judged_anew():
    guard = Guard(Names(["1.1.1.1"], ["192.168.0.1"]), loopback=False)
    assert await guard.resolve("x.org")
    with pytest.raises(UnsafeAddress):
        await guard.resolve("x.org")


def test_no_socket_is_made_to_an_address_inside():
    guard = Guard(Names([]), loopback=False)
    for address in INSIDE:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with pytest.raises(Inside):
            guard.socket((family, socket.SOCK_STREAM, 6, "", (address, 443)))


@pytest.mark.asyncio
async def test_the_socket_is_the_last_look(monkeypatch):
    """Also when the judgement of the text is taken away, a written-out address is not connected to."""
    monkeypatch.setattr("stylus_engine.catalog.web.asking.judged", lambda url, **_: URL(url))
    async with serving(answers(reply())) as there, Web(Rules(tries=1)) as web:
        with pytest.raises(UnsafeAddress, match="own network"):
            await web.json(there.url)
        assert there.asked == []
