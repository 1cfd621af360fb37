"""Embeddings from an OpenAI-compatible server.

The one file of this room that knows openai.  What is sent leaves this machine: texts of
cards and of prompts, never a picture, never a name of a person of the server.
"""

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np
from openai import AsyncOpenAI, OpenAIError

from stylus_engine.errors import BadEmbedder
from stylus_engine.ports import Vectors

BATCH = 128  # texts in one call; servers take 2,048 at most, small ones far fewer
AT_ONCE = 4  # calls under way
LONGEST = 8000  # characters of one text: about 2,000 tokens, all servers take that
RETRIES = 5  # the client's own, with its back-off and Retry-After
ODD = "its answer is no list of vectors"
SECONDS = 60.0  # the client's own default is ten minutes


class _Row(msgspec.Struct, frozen=True):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct, frozen=True):
    data: list[_Row]


class RemoteEmbedder:
    """Texts to unit vectors by `model` of a server. Implements `Embedder`.

    `shorten` asks the server for `dimensions`, as models do that were trained for it;
    without it the model's own length must be `dimensions`.  The key goes to the server
    alone.  Raises `BadEmbedder` from `embed`.
    """

    def __init__(
        self,
        model: str,
        dimensions: int,
        *,
        key: str,
        base_url: str | None = None,
        shorten: bool = True,
    ) -> None:
        self.dimensions = dimensions
        self._model = model
        self._key = key
        self._base_url = base_url
        self._shorten = shorten

    @property
    def name(self) -> str:
        """`model@dimensions`."""
        return f"{self._model}@{self.dimensions}"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), each row of length 1."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        gate = asyncio.Semaphore(AT_ONCE)
        batches = [texts[first : first + BATCH] for first in range(0, len(texts), BATCH)]
        try:
            # A client belongs to the loop that first used it, and commands run several.
            async with self._client() as client:
                answers = (self._asked(client, gate, batch) for batch in batches)
                return np.concatenate(await asyncio.gather(*answers))
        except OpenAIError as error:
            raise self._bad(str(error)) from error

    def _client(self) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=self._key or "none",  # a server of one's own wants none, the client does
            base_url=self._base_url,
            max_retries=RETRIES,
            timeout=SECONDS,
        )

    async def _asked(
        self, client: AsyncOpenAI, gate: asyncio.Semaphore, batch: Sequence[str]
    ) -> Vectors:
        """One call. Servers refuse an empty text: a blank stands for it."""
        body = {
            "model": self._model, "input": [text[:LONGEST] or " " for text in batch],
            "encoding_format": "float", **({"dimensions": self.dimensions} if self._shorten else {}),
        }  # fmt: skip
        async with gate:
            try:
                # Not `client.embeddings`: its answers trust their server, and fall apart when they are read.
                answer = await client.post("/embeddings", cast_to=object, body=body)
            except (ValueError, RecursionError) as error:  # JSON that is none
                raise self._bad(ODD) from error
        return self._sound(self._read(answer, len(batch)))

    def _read(self, answer: object, count: int) -> list[list[float]]:
        try:
            rows = msgspec.convert(answer, _Answer).data
        except (msgspec.ValidationError, OverflowError) as error:
            raise self._bad(ODD) from error
        found = {one.index: one.embedding for one in rows}
        if sorted(found) != list(range(count)):
            raise self._bad(f"{count} texts were sent, {len(found)} vectors came back")
        return [found[at] for at in range(count)]

    def _sound(self, rows: list[list[float]]) -> Vectors:
        lengths = {len(row) for row in rows}
        if lengths != {self.dimensions}:
            told = ", ".join(map(str, sorted(lengths)))
            raise self._bad(f"its vectors have {told} dimensions, not {self.dimensions}")
        with np.errstate(over="ignore"):
            array = np.asarray(rows, np.float64).astype(np.float32)
            norms = np.linalg.norm(array, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise self._bad("a vector of it has no direction")
        return array / norms

    def _bad(self, why: str) -> BadEmbedder:
        told = why.replace(self._key, "…") if self._key else why
        return BadEmbedder(path=self._model, why=told[:200])
