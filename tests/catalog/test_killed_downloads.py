"""A process that fetches is killed (-9) in the middle: the next one takes up its bytes, if they are the same file's.

The server is strict: it counts the bytes it sends, heeds `Range` and `If-Range` as RFC 9110
says, and each test tells it what kind of server to be.
"""

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web as http
from safetensors.numpy import save

from stylus_engine.catalog.holding import key_of
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.web.notes import EVERY
from stylus_engine.catalog.web.saving import Sink
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter
from tests.catalog.servers.serving import serving

pytestmark = [pytest.mark.slow, pytest.mark.asyncio, pytest.mark.timeout(120)]
RULES = Rules(allow_loopback=True, per_second=10_000, tries=2, wait_initial=0.01, wait_jitter=0)
ROWS = 800_000  # 12.8 MB: three notes
MOST = 10**9
BRING = """
import asyncio, sys
from pathlib import Path
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Weights
from stylus_engine.model import Adapter

async def main(folder, url, digest):
    card = Adapter(card_id="t:0:1", name="Ember", family_declared="sd1", url=url, file_sha256=digest or None)
    async with Web(Rules(allow_loopback=True)) as web:
        await Weights(Path(folder), web, 10**9).bring(card)

asyncio.run(main(*sys.argv[1:]))
"""


def weights(number: float) -> bytes:
    return save({"lora_unet_x.lora_down.weight": np.full((ROWS, 4), number, "float32")})


OLD, NEW = weights(1.0), weights(2.0)


@dataclass
class Server:
    """Sends `data` under `tag`; at first it stalls `stall_at` bytes in. `sent` counts bodies' bytes, answer by answer."""

    data: bytes = OLD
    tag: str = '"v1"'
    heeds_if_range: bool = True
    stall_at: int = 11 * 2**20
    sent: list[int] = field(default_factory=list)
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)

    async def answer(self, request: http.Request) -> http.StreamResponse:
        self.asked.append((request.headers.get("Range"), request.headers.get("If-Range")))
        start = self._start(request)
        rest, whole = self.data[start:], len(self.data)
        headers = {"Content-Length": str(len(rest)), **({"ETag": self.tag} if self.tag else {})}
        if start:
            headers["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
        response = http.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        self.sent.append(0)
        await self._poured(response, rest[: self.stall_at])
        if self.stall_at < len(rest):
            await asyncio.sleep(60)
        return response

    async def _poured(self, response: http.StreamResponse, data: bytes) -> None:
        for at in range(0, len(data), 2**18):
            await response.write(data[at : at + 2**18])
            self.sent[-1] += len(data[at : at + 2**18])

    def _start(self, request: http.Request) -> int:
        named = request.headers.get("If-Range")
        if named is not None and self.heeds_if_range and named != self.tag:
            return 0
        return request.http_range.start or 0


def card(url: str, digest: str = "") -> Adapter:
    return Adapter(
        card_id="t:0:1",
        name="Ember",
        family_declared="sd1",
        url=url,
        file_sha256=digest or None,
    )


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@asynccontextmanager
async def killed(
    folder: Path, server: Server, digest: str = ""
) -> AsyncGenerator[tuple[str, Weights]]:
    """The store after a process died at `stall_at`; the server then sends all it is asked for."""
    async with serving(server.answer) as there, Web(RULES) as web:
        url = f"{there.url}/0"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BRING, str(folder), url, digest
        )
        async with asyncio.timeout(60):  # what it waits for is another process's
            while len(server.sent) < 1 or server.sent[0] < server.stall_at:  # noqa: ASYNC110 - no event crosses processes
                await asyncio.sleep(0.02)
            while not noted(folder):  # noqa: ASYNC110 - no event crosses processes
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        child.kill()
        await child.wait()
        server.stall_at = 2**40
        yield url, Weights(folder, web, MOST)
    assert [path for path in (folder / "coming").iterdir() if "lock" not in path.name] == []


def noted(folder: Path) -> bool:
    return any((folder / "coming").glob("*.mark"))


async def test_the_rest_alone_is_asked_for_where_the_server_names_the_version(tmp_path):
    server = Server()
    async with killed(tmp_path, server) as (url, files):
        path = await files.bring(card(url))
    assert path.read_bytes() == OLD
    span, same = server.asked[1]
    assert same == '"v1"'
    start = int((span or "")[6:-1])
    assert start >= 2 * EVERY
    assert server.sent[1] == len(OLD) - start


async def test_a_digest_on_the_card_is_proof_where_the_server_names_nothing(tmp_path):
    server = Server(tag="")
    async with killed(tmp_path, server, sha(OLD)) as (url, files):
        assert (await files.bring(card(url, sha(OLD)))).read_bytes() == OLD
    assert server.sent[1] < len(OLD) / 2


async def test_without_either_all_of_it_comes_anew(tmp_path):
    server = Server(tag="")
    async with killed(tmp_path, server) as (url, files):
        assert (await files.bring(card(url))).read_bytes() == OLD
    assert server.asked[1] == (None, None)
    assert server.sent[1] == len(OLD)


@pytest.mark.parametrize("heeds", [True, False])
async def test_another_version_since_then_is_never_mixed_in(tmp_path, heeds):
    server = Server(heeds_if_range=heeds)
    async with left(tmp_path, server) as (url, files):
        server.data, server.tag = NEW, '"v2"'
        assert (await files.bring(card(url))).read_bytes() == NEW


async def test_old_bytes_that_were_not_the_cards_are_fetched_anew(tmp_path):
    """The server sent something else before it died; now it sends what the card names."""
    server = Server(tag="")
    async with killed(tmp_path, server, sha(NEW)) as (url, files):
        server.data = NEW
        assert (await files.bring(card(url, sha(NEW)))).read_bytes() == NEW
    assert len(server.sent) == 3


@asynccontextmanager
async def left(folder: Path, server: Server) -> AsyncGenerator[tuple[str, Weights]]:
    """The store with a part in it as a killed process leaves one, without the second that a process takes."""
    async with serving(server.answer) as there, Web(RULES) as web:
        url = f"{there.url}/0"
        to = folder / "coming" / f"{key_of(card(url))}.safetensors"
        process = Sink(to, MOST, known=False, outlives=True)
        process.__enter__()  # and it never leaves
        process.restart(server.tag)
        for at in range(0, 2 * EVERY, 2**20):
            process.write(server.data[at : at + 2**20])
        server.stall_at = 2**40
        yield url, Weights(folder, web, MOST)
        process._file.close()
    assert list((folder / "coming").iterdir()) == []


@pytest.mark.parametrize("harm", ["none", "zeros", "short", "mark", "no mark"])
async def test_a_part_that_a_power_cut_spoilt_is_not_believed(tmp_path, harm):
    server = Server()
    async with left(tmp_path, server) as (url, files):
        [part] = (tmp_path / "coming").glob("*.part")
        [mark] = (tmp_path / "coming").glob("*.mark")
        if harm == "zeros":
            with part.open("r+b") as file:
                file.seek(EVERY)
                file.write(bytes(4096))
        elif harm == "short":
            os.truncate(part, 5000)
        elif harm == "mark":
            mark.write_bytes(b'{"tag": ')
        elif harm == "no mark":
            mark.unlink()
        assert (await files.bring(card(url))).read_bytes() == OLD
    assert server.sent == [len(OLD) - (2 * EVERY if harm == "none" else 0)]


async def test_a_part_that_nobody_takes_up_goes_after_a_day(tmp_path):
    server = Server()
    async with left(tmp_path, server) as (url, files):
        found = list((tmp_path / "coming").iterdir())
        assert len(found) == 2
        old = time.time() - 25 * 3600
        for path in found:
            os.utime(path, (old, old))
        server.data = b"no adapter"
        with pytest.raises(StylusError):
            await files.bring(card(url, sha(NEW)))
        assert list((tmp_path / "coming").iterdir()) == []
