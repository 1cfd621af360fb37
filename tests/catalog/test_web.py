"""The one door to other people's servers, over real sockets."""

import asyncio
import gzip
import hashlib
import json
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from aiohttp import web as http
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.web.addresses import Guard, Inside, judged, place, refusal
from stylus_engine.catalog.web.answers import retry_after
from stylus_engine.errors import (
    AdapterChanged,
    SourceOdd,
    SourceRefused,
    SourceSilent,
    StoreFailed,
    StylusError,
    TooMuch,
    UnsafeAddress,
)
from tests.catalog.servers.files import FILE, breaking, ranged
from tests.catalog.servers.serving import cut, serving

HASTY = Rules(
    allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0,
    wait_most=0.3, connect=2, idle=0.5, total=1.5,
)  # fmt: skip
PUBLIC = ("93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::8")
INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
    *("240.0.0.1", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0"),
    *("fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "fec0::1", "2001:db8::1"),
)


@asynccontextmanager
async def asking(answer, rules=HASTY, **kw):
    async with serving(answer) as there, Web(rules, **kw) as web:
        yield there, web


def answers(*bodies, **kw):
    """A handler that gives these answers in turn, the last one for ever."""
    left = list(bodies)

    async def answer(request):
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, tuple):
            status, body, headers = found
            return http.Response(status=status, body=body, headers=headers)
        return await found(request)

    return answer


def reply(body=b"{}", status=200, **headers):
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


# --- addresses -------------------------------------------------------------------


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


# --- questions and answers -------------------------------------------------------


@pytest.mark.asyncio
async def test_json_with_parameters_and_gzip():
    async def answer(request):
        body = gzip.compress(json.dumps(dict(request.query)).encode())
        return http.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with asking(answer) as (there, web):
        assert await web.json(there.url + "/a", params=(("b", "c d&"),)) == {"b": "c d&"}
        assert str(there.headers("User-Agent")[0]).startswith("Stylus/")


@pytest.mark.asyncio
async def test_a_big_gzip_answer_arrives_whole():
    rows = [{"n": n, "text": "x" * (n % 50)} for n in range(40_000)]
    packed = gzip.compress(json.dumps(rows).encode())
    async with asking(answers(reply(packed, Content_Encoding="gzip"))) as (there, web):
        assert await web.json(there.url) == rows


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "word"),
    [(400, "understand"), (401, "login"), (403, "not allowed"), (404, "nothing"),
     (410, "removed"), (451, "legal"), (418, "reason")],
)  # fmt: skip
async def test_a_refusal_is_told_once_and_plainly(status, word):
    async with asking(answers(reply(b"", status))) as (there, web):
        with pytest.raises(SourceRefused, match=word) as caught:
            await web.json(f"{there.url}/p?token=secret")
        assert caught.value.status == status
        assert len(there.asked) == 1
        assert "secret" not in str(caught.value)


@pytest.mark.asyncio
async def test_the_services_own_words_are_quoted_and_cleaned():
    said = json.dumps({"error": "Early\u202e Access", "deadline": "2026-12-01"}).encode()
    async with asking(answers(reply(said, 403))) as (there, web):
        with pytest.raises(SourceRefused, match="“Early Access 2026-12-01”"):
            await web.json(there.url)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 524])
async def test_trouble_is_waited_out(status):
    async with asking(answers(reply(b"", status), reply(b"[1]"))) as (there, web):
        assert await web.json(there.url) == [1]


@pytest.mark.asyncio
async def test_trouble_without_end_is_silence():
    async with asking(answers(reply(b"", 503))) as (there, web):
        with pytest.raises(SourceSilent, match="503"):
            await web.json(there.url)
        assert len(there.asked) == HASTY.tries


@pytest.mark.asyncio
@pytest.mark.parametrize(("asked", "least", "most"), [("0", 0, 0.2), ("1000", 0.3, 1.0)])
async def test_retry_after_is_obeyed_and_capped(asked, least, most):
    turns = answers(reply(b"", 429, Retry_After=asked), reply(b"[]"))
    async with asking(turns) as (there, web):
        began = asyncio.get_running_loop().time()
        await web.json(there.url)
        assert least <= asyncio.get_running_loop().time() - began < most


def test_retry_after_in_its_forms():
    now = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    assert retry_after("7") == 7
    assert retry_after("Sat, 28 Nov 2026 12:00:09 GMT", now) == 9
    assert retry_after("Sat, 28 Nov 2026 11:00:00 GMT", now) == 0
    assert retry_after("9" * 400) == 999_999_999
    assert [retry_after(text) for text in ("", "soon", "-5", "1.5")] == [None] * 4


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "why"),
    [(b" <!doctype html><p>hi", "web page"), (b"{", "no JSON"), (b"", "no JSON"),
     (b"\xff", "no JSON"), (b"[" * 100_000, "no JSON")],
)  # fmt: skip
async def test_what_is_no_json_is_odd(body, why):
    async with asking(answers(reply(body))) as (there, web):
        with pytest.raises(SourceOdd, match=why):
            await web.json(there.url)


@pytest.mark.asyncio
async def test_lids_on_the_wire_and_after_it():
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    turns = answers(
        reply(b"[" + b" " * 2000 + b"]"),
        reply(bomb, Content_Encoding="gzip"),
        reply(bomb[:-9], Content_Encoding="gzip"),
    )
    async with asking(turns) as (there, web):
        for most in (1000, 60_000, 200_000):
            with pytest.raises(TooMuch):
                await web.json(there.url, most=most)


@pytest.mark.asyncio
async def test_a_body_without_a_length_has_a_lid_too():
    async def endless(request):
        response = http.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" " * 1000)
        return response

    async with asking(endless) as (there, web):
        with pytest.raises(TooMuch):
            await web.json(there.url, most=10_000)


@pytest.mark.asyncio
async def test_broken_and_unasked_compression_is_odd():
    turns = answers(
        reply(b"\x1f\x8b nonsense", Content_Encoding="gzip"), reply(b"x", Content_Encoding="br")
    )
    async with asking(turns) as (there, web):
        for why in ("broken", "did not ask"):
            with pytest.raises(SourceOdd, match=why):
                await web.json(there.url)


@pytest.mark.asyncio
async def test_a_cut_answer_is_asked_again():
    async def broken(request):
        return await cut(request, b'{"a":', 100)

    packed = gzip.compress(b"[1, 2, 3]")
    turns = answers(
        broken, reply(packed[:-4], Content_Encoding="gzip"), reply(b'{"a": 1}'),
    )  # fmt: skip
    async with asking(turns) as (there, web):
        assert await web.json(there.url) == {"a": 1}
        assert len(there.asked) == 3


@pytest.mark.asyncio
async def test_a_body_that_drips_is_given_up():
    async def drips(request):
        response = http.StreamResponse(headers={"Content-Length": "10000"})
        await response.prepare(request)
        for _ in range(60):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    rules = Rules(allow_loopback=True, tries=1, idle=1, total=0.4, per_second=1000)
    async with asking(drips, rules) as (there, web):
        with pytest.raises(SourceSilent, match="too long"):
            await web.json(there.url)


@pytest.mark.asyncio
async def test_nobody_there_is_silence():
    async with asking(answers(reply())) as (there, web):
        pass
    async with Web(HASTY) as web:
        with pytest.raises(SourceSilent, match="no connection"):
            await web.json(there.url)


@pytest.mark.asyncio
async def test_a_host_is_asked_no_more_often_than_agreed():
    rules = Rules(allow_loopback=True, per_second=20)
    async with asking(answers(reply()), rules) as (there, web):
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(web.json(there.url) for _ in range(30)))
        assert asyncio.get_running_loop().time() - began >= 0.45


# --- redirects -------------------------------------------------------------------


@pytest.mark.asyncio
async def test_redirects_are_followed_five_times():
    async def answer(request):
        left = int(request.path[1:])
        if not left:
            return http.json_response("there")
        return http.Response(status=302, headers={"Location": f"/{left - 1}"})

    async with asking(answer) as (there, web):
        assert await web.json(f"{there.url}/5") == "there"
        with pytest.raises(SourceOdd, match="redirects"):
            await web.json(f"{there.url}/6")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "to",
    [
        *("http://10.0.0.1/", "https://192.168.0.1/x", "http://169.254.169.254/latest/meta-data"),
        *("file:///etc/passwd", "https://u:p@x.org/", "http://[::ffff:127.0.0.1]/", "gopher://x/"),
        *("http://x.org/plain", "//10.0.0.1/a"),
    ],
)
async def test_a_redirect_is_judged_like_any_address(to):
    async with asking(answers(reply(b"", 302, Location=to))) as (there, web):
        with pytest.raises(UnsafeAddress):
            await web.json(there.url)
        assert len(there.asked) == 1


@pytest.mark.asyncio
async def test_a_redirect_that_leads_nowhere_is_odd():
    async with asking(answers(reply(b"", 302))) as (there, web):
        with pytest.raises(SourceOdd, match="nowhere"):
            await web.json(there.url)


@pytest.mark.asyncio
async def test_a_token_does_not_cross_to_another_origin():
    async with serving(answers(reply(b"[]"))) as other:
        turns = answers(reply(b"", 307, Location="/b"), reply(b"", 302, Location=other.url + "/c"))
        async with asking(turns) as (there, web):
            await web.json(there.url, headers={"Authorization": "Bearer t", "X-Other": "o"})
            assert there.headers("Authorization") == ["Bearer t", "Bearer t"]
            assert other.headers("Authorization") == [None]
            assert other.headers("X-Other") == ["o"]


@pytest.mark.asyncio
async def test_cookies_are_not_kept():
    async with asking(answers(reply(b"[]", Set_Cookie="a=b"))) as (there, web):
        await web.json(there.url)
        await web.json(there.url)
        assert there.headers("Cookie") == [None, None]


@pytest.mark.asyncio
async def test_posted_json_and_the_next_page():
    async def answer(request):
        link = '<https://x.org/next?cursor=1>; rel="next"'
        return http.json_response(await request.json(), headers={"Link": link})

    async with asking(answer) as (there, web):
        assert await web.linked(there.url, send=["a"]) == (["a"], "https://x.org/next?cursor=1")
        assert there.asked[0].method == "POST"


# --- pieces ----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("ranges", [True, False])
async def test_a_piece_of_a_file(ranges):
    async with asking(ranged(ranges=ranges)) as (there, web):
        assert await web.part(there.url, 8, 99) == FILE[8:100]
        assert (await web.piece(there.url, 0, 7)).total == len(FILE)
        assert await web.part(there.url, len(FILE) - 4, len(FILE) + 4) == FILE[-4:]


@pytest.mark.asyncio
async def test_another_piece_than_asked_for_is_odd():
    turns = answers(reply(b"abc", 206, Content_Range="bytes 5-7/9"), reply(b"abc", 206))
    async with asking(turns) as (there, web):
        for _ in range(2):
            with pytest.raises(SourceOdd, match="another part"):
                await web.part(there.url, 0, 2)


@pytest.mark.asyncio
async def test_a_huge_file_behind_a_piece_is_not_read():
    async def huge(request):
        response = http.StreamResponse(headers={"Content-Length": str(30 * 10**9)})
        await response.prepare(request)
        while True:
            await response.write(bytes(100_000))

    async with asking(huge) as (there, web):
        assert await web.piece(there.url, 0, 9) == type(await web.piece(there.url, 0, 9))(
            bytes(10), 30 * 10**9
        )


# --- files -----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_file_is_saved_whole(tmp_path):
    told = []
    async with asking(ranged()) as (there, web):
        to = tmp_path / "new" / "a.bin"
        saved = await web.save(there.url, to, most=10**6, tell=lambda *at: told.append(at))
    assert to.read_bytes() == FILE
    assert saved == type(saved)(to, hashlib.sha256(FILE).hexdigest(), len(FILE))
    assert told[-1] == (len(FILE), len(FILE))
    assert [path.name for path in to.parent.iterdir()] == ["a.bin"]


@pytest.mark.asyncio
async def test_a_broken_download_goes_on_where_it_was(tmp_path):
    answer, seen = breaking(2)
    async with asking(answer) as (there, web):
        saved = await web.save(there.url, tmp_path / "a", most=10**6)
    assert (tmp_path / "a").read_bytes() == FILE
    assert saved.sha256 == hashlib.sha256(FILE).hexdigest()
    starts = [int((each or "bytes=0-")[6:-1]) for each in seen]
    assert starts[0] == 0 < starts[1] < starts[2]


@pytest.mark.asyncio
async def test_a_file_that_changed_meanwhile_comes_anew(tmp_path):
    answer, _ = breaking(1, change_at=2)
    async with asking(answer) as (there, web):
        await web.save(there.url, tmp_path / "a", most=10**6)
    assert (tmp_path / "a").read_bytes() == FILE[::-1]


@pytest.mark.asyncio
async def test_without_a_version_or_a_digest_it_begins_anew(tmp_path):
    answer, seen = breaking(1, tag="")
    async with asking(answer) as (there, web):
        await web.save(there.url, tmp_path / "a", most=10**6)
    assert seen == [None, None]
    assert (tmp_path / "a").read_bytes() == FILE


@pytest.mark.asyncio
async def test_a_rest_that_is_not_there_begins_anew(tmp_path):
    calls = []

    async def answer(request):
        calls.append(request.headers.get("Range"))
        if len(calls) == 1:
            return await cut(request, FILE[:5000], len(FILE), ETag='"v1"')
        if len(calls) == 2:
            return http.Response(status=416)
        return http.Response(body=b"small now")

    async with asking(answer) as (there, web):
        await web.save(there.url, tmp_path / "a", most=10**6)
    assert (tmp_path / "a").read_bytes() == b"small now"
    assert calls[2] is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"<html>", Content_Type="text/html"), SourceOdd),
        (reply(b'{"error": 1}', Content_Type="application/json"), SourceOdd),
        (reply(b"x" * 2000), TooMuch),
        (reply(b"", 404), SourceRefused),
        (reply(b"", 503), SourceSilent),
        (reply(b"other bytes"), AdapterChanged),
        (reply(gzip.compress(b"x"), Content_Encoding="gzip"), SourceOdd),
        (reply(b"abc", 206, Content_Range="bytes 0-2/3"), SourceOdd),
    ],
)
async def test_what_fails_leaves_nothing(tmp_path, answer, error):
    async with asking(answers(answer)) as (there, web):
        with pytest.raises(error):
            await web.save(there.url, tmp_path / "a", most=1000, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_thirty_gigabytes_are_refused_before_a_byte_is_kept(tmp_path):
    sent = []

    async def huge(request):
        response = http.StreamResponse(headers={"Content-Length": str(30 * 10**9)})
        await response.prepare(request)
        while True:
            await response.write(bytes(100_000))
            sent.append(1)

    async with asking(huge) as (there, web):
        with pytest.raises(TooMuch, match=r"has 30\.0 GB; 4\.0 GB is the most"):
            await web.save(there.url, tmp_path / "a", most=4 * 10**9)
    assert list(tmp_path.iterdir()) == []
    assert len(sent) < 200


@pytest.mark.asyncio
async def test_a_cancelled_download_leaves_nothing(tmp_path):
    async def stalls(request):
        response = http.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        await response.write(bytes(200_000))
        await asyncio.sleep(5)
        return response

    async with asking(stalls, Rules(allow_loopback=True)) as (there, web):
        task = asyncio.create_task(web.save(there.url, tmp_path / "a", most=10**7))
        await asyncio.sleep(0.2)
        assert (tmp_path / "a.part").exists()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    async with asking(ranged()) as (there, web):
        with pytest.raises(StoreFailed):
            await web.save(there.url, tmp_path / "file" / "a", most=10**6)
        assert there.asked == []


@pytest.mark.asyncio
async def test_every_error_is_ours_whatever_comes_over_the_line(tmp_path):
    """A server that does not speak HTTP."""

    async def noise(reader, writer):
        writer.write(b"\x00\x01 not http at all\r\n\r\n" * 50)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(noise, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Web(HASTY) as web:
        with pytest.raises(StylusError):
            await web.json(f"http://127.0.0.1:{port}/")
