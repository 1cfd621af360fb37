"""A server of OpenAI's chat API on loopback: as strict as the real one, and it answers as a test tells it to.

    async with Server(said('{"a": 1}')) as server:
        AsyncOpenAI(base_url=server.url, api_key="k")
    server.asked[0].pictures

Law of this room: it knows nothing of Stylus.  What OpenAI refuses it refuses, in OpenAI's
words (`checking`, `schemas`); what other servers cannot do is switched off by `Traits`;
every way to answer badly that a client met in the wild is an `Answer`.
"""

from tests.openai_server.answers import (
    Answer,
    Dropped,
    Raw,
    Said,
    cut_off,
    failing,
    html,
    refusing,
    said,
)
from tests.openai_server.checking import Asked, Traits
from tests.openai_server.server import Server

__all__ = [
    "Answer",
    "Asked",
    "Dropped",
    "Raw",
    "Said",
    "Server",
    "Traits",
    "cut_off",
    "failing",
    "html",
    "refusing",
    "said",
]
