"""While the playground is open, other web sites in the same browser get nothing."""

import pytest
from yarl import URL

from tests.playground.driver import Playground

pytestmark = pytest.mark.asyncio

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Host": "evil.example"},
    {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
]


async def test_foreign_pages_are_refused_everywhere():
    async with Playground() as play:
        for path in ("/playground/", "/playground/api/journal", "/api/v10/users/@me"):
            for headers in FOREIGN:
                async with play.http.get(f"{play.url}{path}", headers=headers) as answer:
                    assert answer.status == 403, (path, headers)
        with pytest.raises(Exception, match="403"):
            await play.http.ws_connect(
                f"{play.url}/playground/api/events", headers={"Origin": "https://evil.example"}
            )


async def test_the_page_itself_is_answered():
    async with Playground() as play:
        for origin in (play.url, None):
            headers = {"Origin": origin} if origin else {}
            async with play.http.get(f"{play.url}/playground/api/world", headers=headers) as answer:
                assert answer.status == 200
        by_name = str(URL(play.url).with_host("localhost"))
        async with play.http.get(f"{by_name}/playground/api/world") as answer:
            assert answer.status == 200


async def test_an_attached_page_is_not_run():
    async with Playground() as play:
        ada = play.person("ada")
        file = await ada.attach(b"<script>alert(1)</script>", "page.html", "text/html")
        said = await ada.say("look", file)
        async with play.http.get(said["attachments"][0]["url"]) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
