"""Pieces of files and whole ones, over real sockets."""

import asyncio
import gzip
import hashlib

import pytest
from aiohttp import web as http

from stylus_engine.catalog.web import Rules, Web
from stylus_engine.errors import (
    AdapterChanged,
    SourceOdd,
    SourceRefused,
    SourceSilent,
    StoreFailed,
    StylusError,
    TooMuch,
)
from tests.catalog.servers.asking import HASTY, answers, asking, reply
from tests.catalog.servers.files import FILE, breaking, ranged
from tests.catalog.servers.serving import cut

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
async def test_a_rest_that_names_no_version_is_not_put_behind_one_that_did(tmp_path):
    """A server that heeds no `If-Range`, and a file that was replaced by one of the same size."""
    other = FILE[::-1]

    async def answer(request):
        start = request.http_range.start
        if start is None and not calls:
            calls.append("cut")
            return await cut(request, FILE[:5000], len(FILE), ETag='"v1"')
        calls.append(start)
        if start is None:
            return http.Response(body=other)
        span = f"bytes {start}-{len(other) - 1}/{len(other)}"
        return http.Response(status=206, body=other[start:], headers={"Content-Range": span})

    calls: list[object] = []
    async with asking(answer) as (there, web):
        await web.save(there.url, tmp_path / "a", most=10**6)
    assert (tmp_path / "a").read_bytes() == other
    assert calls == ["cut", 5000, None]


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
