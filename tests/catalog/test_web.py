"""The one door to other people's servers, over real sockets."""

import asyncio
import gzip
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web as http

from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.web.answers import retry_after
from stylus_engine.errors import (
    SourceOdd,
    SourceRefused,
    SourceSilent,
    TooMuch,
    UnsafeAddress,
)
from tests.catalog.servers.asking import HASTY, answers, asking, reply
from tests.catalog.servers.serving import cut, serving

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
    "padding", [b"", bytes(100), b"\x1f and no gzip"], ids=["bare", "zeros", "odd"]
)
async def test_gzip_of_several_members_is_read_to_its_last(padding):
    pieces = (
        b'["a',
        b"",
        json.dumps(list(range(100_000))).encode()[1:-1].join((b'", ', b", ")),
        b"1]",
    )
    packed = b"".join(map(gzip.compress, pieces)) + padding
    edges = [len(gzip.compress(pieces[0])) + 1, 5, len(packed) - len(padding) + 1]

    async def answer(request):
        response = http.StreamResponse(headers={"Content-Encoding": "gzip"})
        await response.prepare(request)
        for first, last in zip((0, *sorted(edges)), (*sorted(edges), len(packed)), strict=True):
            await response.write(packed[first:last])
            await asyncio.sleep(0.01)
        return response

    async with asking(answer) as (there, web):
        assert await web.json(there.url) == ["a", *range(100_000), 1]


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
@pytest.mark.parametrize(("coding", "body"), [("br", b"x"), ("gzip", b"plain"), ("gzip", b"")])
async def test_a_status_speaks_for_itself_whatever_its_body_is_packed_in(coding, body):
    trouble, gone = (reply(body, status, Content_Encoding=coding) for status in (503, 404))
    async with asking(answers(trouble, reply(b"[1]"))) as (there, web):
        assert await web.json(there.url) == [1]
    async with asking(answers(gone)) as (there, web):
        with pytest.raises(SourceRefused, match="nothing"):
            await web.json(there.url)
        assert len(there.asked) == 1


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
    assert retry_after(f"Sat, 28 Nov {'9' * 20} 12:00:00 GMT") is None
    assert retry_after(f"Sat, 28 Nov 2026 12:00:00 +{'9' * 18}") is None


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


@pytest.mark.asyncio
async def test_a_next_page_that_is_no_address_is_odd():
    turns = answers(reply(b"[]", Link='<http://[::1>; rel="next"'))
    async with asking(turns) as (there, web):
        with pytest.raises(SourceOdd, match="next page"):
            await web.linked(there.url)
