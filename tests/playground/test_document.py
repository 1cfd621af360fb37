"""Discord's own OpenAPI document judges all traffic: requests, our answers, objects in events.

The document is not part of this repository. Where it lies beside it, as ../shared/
discord-openapi.json, this test is real; where it does not, it says so and is skipped.
"""

import warnings

import pytest

from tests.playground.discord_bot import running
from tests.playground.driver import DOCUMENT, Playground
from tests.playground.everything import everything, walk_through

MISSING = (
    f"DISCORD'S OPENAPI DOCUMENT IS ABSENT ({DOCUMENT.name} beside the repository): "
    "the traffic was judged by the stand-in's own rules alone."
)


def document() -> None:
    if not DOCUMENT.is_file():
        with warnings.catch_warnings():
            warnings.simplefilter("always")  # to be told is no error
            warnings.warn(MISSING, UserWarning, stacklevel=2)
        pytest.skip(MISSING)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_all_traffic_with_discord_py_fits_the_document(monkeypatch):
    document()
    bot = everything()
    async with Playground(openapi=DOCUMENT) as play, running(play, bot, monkeypatch):
        await walk_through(play.person("ada"))
        requests = await play.requests()
        assert len(requests) > 30
        assert [row for row in requests if row["status"] >= 400] == []
        await play.judged_clean()
