"""A reranker behind an address: `POST …/rerank` as Jina, Cohere and vLLM speak it.

What is sent leaves this machine: the prompt and texts of cards.  The key goes to the
server alone.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from functools import cached_property

import msgspec
from openai import AsyncOpenAI, OpenAIError

from stylus_engine.errors import BadEmbedder
from stylus_engine.model import Adapter
from stylus_engine.retrieval.rows import text_of

BATCH = 64  # texts in one call: servers differ in what they take
LONGEST = 2000  # characters of one text
RETRIES = 2
SECONDS = 20.0


class _Score(msgspec.Struct, frozen=True):
    index: int
    relevance_score: float


class _Answer(msgspec.Struct, frozen=True):
    results: list[_Score]


class RemoteReranker:
    """Asks `model` of the server at `base_url`. Implements `Reranker`. Raises `BadEmbedder`."""

    def __init__(self, model: str, base_url: str, *, key: Callable[[], str]) -> None:
        """`key` is read when the server is first asked."""
        self._model = model
        self._base_url = base_url
        self._read_key = key

    @cached_property
    def _key(self) -> str:
        return self._read_key()

    async def scores(self, question: str, cards: Sequence[Adapter]) -> Sequence[float]:
        """All batches at once. A score beyond 1, a logit, is squashed with all the others."""
        texts = [text_of(card)[:LONGEST] or " " for card in cards]
        batches = [texts[first : first + BATCH] for first in range(0, len(texts), BATCH)]
        try:
            async with self._client() as client:
                told = (self._asked(client, question, batch) for batch in batches)
                found = [score for batch in await asyncio.gather(*told) for score in batch]
        except OpenAIError as error:
            raise self._bad(str(error)) from error
        plain = all(-1.0 <= score <= 1.0 for score in found)
        return found if plain else [math.tanh(score / 10) for score in found]

    def _client(self) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._base_url,
            max_retries=RETRIES,
            timeout=SECONDS,
        )

    async def _asked(self, client: AsyncOpenAI, question: str, texts: list[str]) -> list[float]:
        body = {
            "model": self._model, "query": question, "documents": texts, "top_n": len(texts),
            "return_documents": False,
        }  # fmt: skip
        try:
            answer = await client.post("/rerank", cast_to=object, body=body)
        except (ValueError, RecursionError) as error:
            raise self._bad("its answer is no JSON") from error
        return self._read(answer, len(texts))

    def _read(self, answer: object, count: int) -> list[float]:
        try:
            results = msgspec.convert(answer, _Answer).results
        except (msgspec.ValidationError, OverflowError) as error:
            raise self._bad(f"its answer is no list of scores: {error}") from error
        found = {one.index: one.relevance_score for one in results}
        sound = all(map(math.isfinite, found.values()))
        if sorted(one.index for one in results) != list(range(count)) or not sound:
            raise self._bad(f"{count} texts were sent, {len(results)} scores came back")
        return [found[at] for at in range(count)]

    def _bad(self, why: str) -> BadEmbedder:
        told = why.replace(self._key, "…") if self._key else why
        return BadEmbedder(path=self._model, why=told[:200])
