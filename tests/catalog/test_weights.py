"""Files behind cards: fetched over real sockets, kept while there is room."""

import asyncio
import hashlib
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web as http
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from stylus_engine.catalog.holding import Held, leaving
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Fetching, Weights
from stylus_engine.errors import (
    AdapterChanged,
    AdapterFileMissing,
    AdapterNotFinite,
    AdapterNotSafetensors,
    SourceOdd,
    SourceRefused,
    StoreFailed,
    TooMuch,
)
from stylus_engine.model import Adapter
from tests.catalog.servers.files import breaking
from tests.catalog.servers.serving import serving

RULES = Rules(allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0)


def weights(n=0, rows=2000):
    return save({"lora_unet_x.lora_down.weight": np.full((rows, 4), n, "float32")})


def sha(data):
    return hashlib.sha256(data).hexdigest()


def card(url, n=0, **fields):
    return Adapter(card_id=f"t:{n}:1", name=f"Ember {n}", family_declared="sd1", url=url, **fields)


async def shelf(request):
    """`/7` is file number 7."""
    return http.Response(
        body=weights(int(request.path[1:])), content_type="application/octet-stream"
    )


@asynccontextmanager
async def store(folder, answer=shelf, most=10**7, **kw):
    async with serving(answer) as there, Web(RULES) as web:
        yield there, Weights(folder, web, most, **kw)


def names(folder):
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in found if path.parts[0] != "locks")


@pytest.mark.asyncio
async def test_brought_once_and_handed_out_by_its_digest(tmp_path):
    told = []
    async with store(tmp_path) as (there, files):
        known = card(f"{there.url}/0", file_sha256=sha(weights(0)))
        assert not files.holds(known)
        with pytest.raises(AdapterFileMissing, match="Ember 0"):
            files.fetch(known)
        path = await files.bring(known, told.append)
        assert await files.bring(known) == path == tmp_path / f"{sha(weights(0))}.safetensors"
        assert files.fetch(known) == (path, sha(weights(0)))
        assert files.holds(known)
        assert len(there.asked) == 1
    assert told[-1] == Fetching("Ember 0", len(weights(0)), len(weights(0)))
    assert names(tmp_path) == [path.name]
    assert path.read_bytes() == weights(0)


@pytest.mark.asyncio
async def test_a_card_without_a_digest_finds_its_file_again(tmp_path):
    async with store(tmp_path) as (there, files):
        one = card(f"{there.url}/1", 1)
        path = await files.bring(one)
        again = Weights(tmp_path, None, 10**7)
        assert again.fetch(one) == (path, sha(weights(1)))
        assert not again.holds(card(f"{there.url}/2", 1))  # another url may be another file
        with pytest.raises(AdapterFileMissing):
            await again.bring(card(f"{there.url}/2", 1))


@pytest.mark.asyncio
async def test_a_local_file_stays_where_it_is(tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(weights())
    files = Weights(tmp_path / "store", None, 10**7)
    mine = card(None, path=str(file))
    assert files.holds(mine)
    assert await files.bring(mine) == file
    assert files.fetch(mine) == (file, sha(weights()))
    gone = card(None, path=str(tmp_path / "gone"))
    assert not files.holds(gone)
    with pytest.raises(AdapterFileMissing):
        files.fetch(gone)
    with pytest.raises(AdapterFileMissing):
        await files.bring(gone)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "fields", "error"),
    [
        ({"body": weights(5)}, {"file_sha256": "0" * 64}, AdapterChanged),
        ({"body": weights(5)}, {"file_sha256": "../../x"}, AdapterChanged),
        ({"body": b"<html>login", "content_type": "text/html"}, {}, SourceOdd),
        ({"body": b"<html>login"}, {}, AdapterNotSafetensors),
        ({"body": b"\x80\x04 a pickle, renamed"}, {}, AdapterNotSafetensors),
        ({"body": save({"a": np.full((9, 9), np.nan, "float32")})}, {}, AdapterNotFinite),
        ({"body": b"x" * 20_000_000}, {}, TooMuch),
        *(({"status": s}, {}, SourceRefused) for s in (401, 403, 404, 410, 451)),
    ],
)  # fmt: skip
async def test_what_is_not_as_it_should_be_leaves_nothing(tmp_path, answer, fields, error):
    async def given(request):
        return http.Response(**({"content_type": "application/octet-stream"} | answer))

    async with store(tmp_path, given) as (there, files):
        with pytest.raises(error) as caught:
            await files.bring(card(f"{there.url}/a/../../b?token=secret", **fields))
    assert names(tmp_path) == []
    assert "secret" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.asyncio
async def test_thirty_gigabytes_make_no_room_and_keep_no_byte(tmp_path):
    async def huge(request):
        response = http.StreamResponse(headers={"Content-Length": str(30 * 10**9)})
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(100_000))
        return response

    async with store(tmp_path, huge, most=10**12) as (there, files):
        with pytest.raises(TooMuch, match=r"30\.0 GB; 4\.0 GB"):
            await files.bring(card(there.url))
    assert names(tmp_path) == []


@pytest.mark.asyncio
async def test_the_token_goes_to_its_host_alone(tmp_path):
    async def elsewhere(request):
        return http.Response(body=weights())

    async with serving(elsewhere) as cdn:

        async def answer(request):
            return http.Response(status=307, headers={"Location": f"{cdn.url}/signed?X=1"})

        async with store(tmp_path, answer, tokens={"127.0.0.1": "t"}) as (there, files):
            await files.bring(card(there.url))
            await files.bring(card(there.url.replace("127.0.0.1", "localhost"), 1))
        assert there.headers("Authorization") == ["Bearer t", None]
        assert cdn.headers("Authorization") == [None, None]


@pytest.mark.asyncio
async def test_an_interrupted_download_is_resumed(tmp_path):
    data = weights(3, rows=50_000)
    answer, seen = breaking(2, data=data)
    async with store(tmp_path, answer) as (there, files):
        path = await files.bring(card(there.url))
    assert path.read_bytes() == data
    assert [bool(each) for each in seen] == [False, True, True]


@pytest.mark.asyncio
async def test_a_damaged_file_is_told_and_brought_anew(tmp_path):
    async with store(tmp_path) as (there, files):
        for each in (card(f"{there.url}/0"), card(f"{there.url}/1", file_sha256=sha(weights(1)))):
            path = await files.bring(each)
            path.write_bytes(b"damage")
            with pytest.raises(AdapterChanged):
                files.fetch(each)
            assert await files.bring(each) == path
            files.fetch(each)


# --- room ------------------------------------------------------------------------

SIZE = len(weights())


def rest(path, seconds):
    """As if it had been handed out so long ago."""
    then = time.time_ns() - int(seconds * 1e9)
    os.utime(path, ns=(then, path.stat().st_mtime_ns))


@pytest.mark.asyncio
async def test_the_longest_unused_makes_room(tmp_path):
    async with store(tmp_path, most=3 * SIZE + 10) as (there, files):
        cards = [card(f"{there.url}/{n}", n, file_bytes=SIZE) for n in range(4)]
        paths = [await files.bring(each) for each in cards[:3]]
        for path, age in zip(paths, (9000, 8000, 7000), strict=True):
            rest(path, age)
        files.fetch(cards[0])  # used now
        await files.bring(cards[3])
        assert [files.holds(each) for each in cards] == [True, False, True, True]
        assert sum(path.stat().st_size for path in tmp_path.glob("*.safetensors")) <= 3 * SIZE + 10


@pytest.mark.asyncio
async def test_pinned_and_just_handed_out_stay(tmp_path):
    async with store(tmp_path, most=2 * SIZE + 10) as (there, files):
        cards = [card(f"{there.url}/{n}", n) for n in range(3)]
        paths = [await files.bring(each) for each in cards[:2]]
        files.pin(cards[0])
        rest(paths[0], 9000)
        with pytest.raises(TooMuch, match="Ember 2"):
            await files.bring(cards[2])
        assert all(files.holds(each) for each in cards[:2])
        assert files.unpin(cards[0].card_id)
        await files.bring(cards[2])
        assert [files.holds(each) for each in cards] == [False, True, True]


@pytest.mark.asyncio
async def test_a_reader_never_loses_the_file_it_was_given(tmp_path):
    async with store(tmp_path, most=2 * SIZE + 10, grace=30) as (there, files):
        kept = card(f"{there.url}/0")
        rest(await files.bring(kept), 9000)
        path, _ = files.fetch(kept)  # by which it is in use
        for n in range(1, 6):
            for held in tmp_path.glob("*.safetensors"):
                if held != path:
                    rest(held, 9000)
            await files.bring(card(f"{there.url}/{n}", n))
        assert path.read_bytes() == weights(0)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 99), st.booleans()), max_size=20),
    st.integers(-10, 600),
)
def test_who_leaves(files, needed):
    """Never a pinned or a fresh one, the longest unused first, enough or nobody, none too many."""
    now, grace = 100 * 10**9, 30
    held = [
        Held(Path(str(n)), size, used * 10**9, pinned)
        for n, (size, used, pinned) in enumerate(files)
    ]
    going = leaving(held, needed, now, grace)
    may = sorted((h for h in held if not h.pinned and h.used < 70 * 10**9), key=lambda h: h.used)
    assert going == may[: len(going)]
    if needed <= 0 or sum(h.size for h in may) < needed:
        assert going == []
    else:
        assert sum(h.size for h in going) >= needed
        assert sum(h.size for h in going[:-1]) < needed


# --- several at once -------------------------------------------------------------


@pytest.mark.asyncio
async def test_two_cards_of_one_file_download_it_once(tmp_path):
    async with store(tmp_path) as (there, files):
        other = Weights(tmp_path, files._web, 10**7)
        digest = sha(weights(4))
        got = await asyncio.gather(
            *(
                each.bring(card(f"{there.url}/4", n, file_sha256=digest))
                for n, each in enumerate((files, other, files, other))
            )
        )
        assert len(there.asked) == 1
    assert len(set(got)) == 1


BRING = """
import asyncio, sys
from pathlib import Path
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Weights
from stylus_engine.model import Adapter

async def main(folder, url):
    card = Adapter(card_id="t:0:1", name="Ember 0", family_declared="sd1", url=url)
    async with Web(Rules(allow_loopback=True)) as web:
        print((await Weights(Path(folder), web, 10**7).bring(card)).name)

asyncio.run(main(*sys.argv[1:]))
"""


async def another(*arguments):
    """Another process that brings a file."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", BRING, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )


BIG = weights(6, rows=40_000)


async def slow_start(request):
    response = http.StreamResponse(headers={"Content-Length": str(len(BIG))})
    await response.prepare(request)
    await response.write(BIG[: len(BIG) // 2])
    return response


async def slow(request):
    """Half of the file, a pause, the other half."""
    response = await slow_start(request)
    await asyncio.sleep(0.5)
    await response.write(BIG[len(BIG) // 2 :])
    return response


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_processes_make_one_file(tmp_path):
    async with serving(slow) as there:
        two = [await another(tmp_path, there.url) for _ in range(2)]
        said = [(await asyncio.wait_for(each.communicate(), 60))[0] for each in two]
        assert [each.returncode for each in two] == [0, 0]
        assert len(there.asked) == 1
    assert said[0] == said[1] != b""
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


@pytest.mark.slow
@pytest.mark.asyncio
async def test_what_a_killed_process_left_is_swept_and_brought(tmp_path):
    half_sent = asyncio.Event()

    async def stalls(request):
        response = await slow_start(request)
        half_sent.set()
        await asyncio.sleep(60)
        return response

    async with serving(stalls) as there:
        one = await another(tmp_path, there.url)
        await asyncio.wait_for(half_sent.wait(), 60)
        await asyncio.sleep(0.3)
        one.send_signal(signal.SIGKILL)
        await one.communicate()
    assert list((tmp_path / "coming").iterdir())
    async with store(tmp_path) as (there, files):
        await files.bring(card(f"{there.url}/2", 2))
    assert list((tmp_path / "coming").iterdir()) == []


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    async with store(tmp_path / "file") as (there, files):
        with pytest.raises(StoreFailed):
            await files.bring(card(f"{there.url}/0"))
