"""Embeddings from an OpenAI-compatible server.

The one file of this room that knows openai.  What is sent leaves this machine: texts of
cards and of prompts, never a picture, never a name of a person of the server.
"""

import asyncio
from collections.abc import Sequence

import numpy as np
from openai import AsyncOpenAI, OpenAIError, omit
from openai.types import CreateEmbeddingResponse

from stylus_engine.errors import BadEmbedder
from stylus_engine.ports import Vectors

BATCH = 128  # texts in one call; servers take 2,048 at most, small ones far fewer
AT_ONCE = 4  # calls under way
LONGEST = 8000  # characters of one text: about 2,000 tokens, all servers take that
RETRIES = 5  # the client's own, with its back-off and Retry-After
SECONDS = 60.0  # the client's own default is ten minutes


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
        async with gate:
            answer = await client.embeddings.create(
                model=self._model,
                input=[text[:LONGEST] or " " for text in batch],
                dimensions=self.dimensions if self._shorten else omit,
                encoding_format="float",  # its default is decoded before we see the answer
            )
        return self._sound(self._read(answer, len(batch)))

    def _read(self, answer: object, count: int) -> list[list[float]]:
        if not isinstance(answer, CreateEmbeddingResponse):  # of HTML the client makes a str
            raise self._bad("its answer is no list of vectors")
        found = {one.index: one.embedding for one in answer.data}
        if sorted(found) != list(range(count)):
            raise self._bad(f"{count} texts were sent, {len(found)} vectors came back")
        return [found[at] for at in range(count)]

    def _sound(self, rows: list[list[float]]) -> Vectors:
        lengths = {len(row) for row in rows}
        if lengths != {self.dimensions}:
            told = ", ".join(map(str, sorted(lengths)))
            raise self._bad(f"its vectors have {told} dimensions, not {self.dimensions}")
        array = np.asarray(rows, np.float32)
        norms = np.linalg.norm(array, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise self._bad("a vector of it has no direction")
        return array / norms

    def _bad(self, why: str) -> BadEmbedder:
        told = why.replace(self._key, "…") if self._key else why
        return BadEmbedder(path=self._model, why=told[:200])
