"""Embeddings from a server: a strict local one that speaks as the OpenAI endpoint does."""

import asyncio
import socket
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web

from stylus_engine.errors import BadEmbedder
from stylus_engine.retrieval import remote
from stylus_engine.retrieval.remote import RemoteEmbedder

pytestmark = pytest.mark.asyncio
KEY = "key-that-nobody-may-read"
REFUSED = {
    "short": "dimensions",
    "odd": "dimensions",
    "zero": "no direction",
    "nan": "no direction",
    "missing": "came back",
    "html": "no list",
    "unauthorised": "invalid key",
}
ODD = {
    "no data": b"{}", "null": b'{"data": null}', "a text": b'{"data": ["x"]}', "an object": b'{"data": {"0": 1}}',
    "no index": b'{"data": [{"embedding": [1, 2]}]}', "no vector": b'{"data": [{"embedding": null, "index": 0}]}',
    "letters": b'{"data": [{"embedding": ["a"], "index": 0}]}', "ragged": b'{"data": [{"embedding": [[1], 1], "index": 0}]}',
    "huge": b'{"data": [{"embedding": [%s], "index": 0}]}' % (b"9" * 400), "cut": b'{"data": [', "nothing": b"",
    "no UTF-8": b"\xff", "deep": b"[" * 200_000,
}  # fmt: skip


class Server:
    """Answers /v1/embeddings, checks each request, and misbehaves on demand."""

    def __init__(self, fault=""):
        self.fault = fault
        self.calls = []

    async def embeddings(self, request):
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        asked = await request.json()
        assert asked["model"] == "tiny"
        assert asked["encoding_format"] == "float"
        assert 0 < len(asked["input"]) <= remote.BATCH
        assert all(isinstance(text, str) and text for text in asked["input"])
        self.calls.append(asked)
        if self.fault == "busy" and len(self.calls) == 1:
            return web.json_response({"error": {"message": "slow down"}}, status=429,
                                     headers={"Retry-After-Ms": "10"})  # fmt: skip
        if self.fault == "unauthorised":
            told = {"error": {"message": f"invalid key {KEY}"}}
            return web.json_response(told, status=401)
        if self.fault in ODD:
            return web.Response(body=ODD[self.fault], content_type="application/json")
        if self.fault == "html":
            return web.Response(text="<html>hello</html>", content_type="text/html")
        return web.json_response(self.answer(asked))

    def answer(self, asked):
        length = asked.get("dimensions", 8)
        rows = [self.row(text, length) for text in asked["input"]]
        data = [{"object": "embedding", "index": at, "embedding": row.tolist()}
                for at, row in enumerate(rows)]  # fmt: skip
        data = data[:-1] if self.fault == "missing" else list(reversed(data))
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "data": data, "model": "tiny", "usage": usage}

    def row(self, text, length):
        if self.fault == "short":
            length -= 1
        row = np.full(length, float(len(text)), np.float32)
        row[0] = 3
        if self.fault == "zero":
            row[:] = 0
        if self.fault == "nan":
            row[1] = np.nan
        if self.fault == "odd" and len(text) % 2:
            row = row[:-1]
        return row


@asynccontextmanager
async def serving(server):
    application = web.Application()
    application.router.add_post("/v1/embeddings", server.embeddings)
    runner = web.AppRunner(application)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        await runner.cleanup()


async def embedded(server, texts, **facts):
    async with serving(server) as url:
        embedder = RemoteEmbedder("tiny", 8, key=KEY, base_url=url, **facts)
        return await embedder.embed(texts)


async def test_texts_in_batches_become_unit_vectors_in_their_order(monkeypatch):
    monkeypatch.setattr(remote, "BATCH", 4)
    server = Server()
    texts = ["x" * n for n in range(1, 11)]
    vectors = await embedded(server, texts)
    assert vectors.shape == (10, 8)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[:, 1] / vectors[:, 0], np.arange(1, 11) / 3)
    assert len(server.calls) == 3
    assert all(call["dimensions"] == 8 for call in server.calls)


async def test_the_space_has_the_models_name_and_its_length():
    assert (
        RemoteEmbedder("text-embedding-3-large", 256, key=KEY).name == "text-embedding-3-large@256"
    )


async def test_no_length_is_asked_of_models_that_have_one():
    server = Server()
    assert (await embedded(server, ["a"], shorten=False)).shape == (1, 8)
    assert "dimensions" not in server.calls[0]


async def test_empty_and_long_texts_reach_no_limit_of_the_server():
    server = Server()
    assert (await embedded(server, ["", "y" * 50_000])).shape == (2, 8)
    assert max(len(text) for text in server.calls[0]["input"]) == remote.LONGEST
    assert (await embedded(Server(), [])).shape == (0, 8)


async def test_a_busy_server_is_asked_again():
    server = Server("busy")
    assert (await embedded(server, ["a"])).shape == (1, 8)
    assert len(server.calls) == 2


@pytest.mark.parametrize("fault", ODD)
async def test_an_answer_that_falls_apart_is_one_sentence(fault):
    with pytest.raises(BadEmbedder, match="no list of vectors"):
        await embedded(Server(fault), ["a"])


@pytest.mark.parametrize("fault", REFUSED)
async def test_an_odd_answer_is_one_sentence_without_the_key(fault):
    with pytest.raises(BadEmbedder, match=REFUSED[fault]) as error:
        await embedded(Server(fault), ["a", "bb"])
    assert KEY not in str(error.value)


async def test_nobody_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(remote, "RETRIES", 0)
    embedder = RemoteEmbedder("tiny", 8, key=KEY, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(BadEmbedder):
        await embedder.embed(["a"])


async def test_without_a_key_the_sentence_can_be_read(monkeypatch):
    monkeypatch.setattr(remote, "RETRIES", 0)
    embedder = RemoteEmbedder("tiny", 8, key="", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(BadEmbedder, match="onnection"):
        await embedder.embed(["a"])


def run_twice(url):
    embedder = RemoteEmbedder("tiny", 8, key=KEY, base_url=url)
    return [asyncio.run(embedder.embed(["a"])).shape for _ in range(2)]


async def test_two_loops_one_after_the_other():
    async with serving(Server()) as url:
        assert await asyncio.to_thread(run_twice, url) == [(1, 8), (1, 8)]
