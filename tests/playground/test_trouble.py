"""Rate limits as headers tell them, faults on demand, and the journal of it all."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.playground.driver import Playground, Refusal
from tests.playground.here import PlaygroundHere
from tests.playground.raw_bot import asked, connected
from tests.playground.test_answers import code


async def raw(play: Playground, path: str = "/users/@me") -> aiohttp.ClientResponse:
    head = {"Authorization": f"Bot {play.token}", "User-Agent": "DiscordBot (x, 1)"}
    async with play.http.get(f"{play.url}/api/v10{path}", headers=head) as answer:
        await answer.read()
        return answer


# --- limits


@pytest.mark.asyncio
async def test_a_bucket_counts_down_and_refuses():
    async with PlaygroundHere(bucket_calls=3, bucket_seconds=0.5) as play:
        for left in (2, 1, 0):
            headers = (await raw(play)).headers
            assert headers["X-RateLimit-Limit"] == "3"
            assert headers["X-RateLimit-Remaining"] == str(left)
            assert 0 < float(headers["X-RateLimit-Reset-After"]) <= 0.5
            assert abs(float(headers["X-RateLimit-Reset"]) - time.time()) < 1
        refused = await raw(play)
        assert refused.status == 429
        assert refused.headers["Via"]
        assert refused.headers["X-RateLimit-Scope"] == "user"
        assert int(refused.headers["Retry-After"]) >= 1
        status, body = await play.rest("GET", "/users/@me")
        assert status == 429
        assert 0 < body["retry_after"] <= 0.5
        assert body["global"] is False
        await asyncio.sleep(body["retry_after"] + 0.02)
        assert (await raw(play)).status == 200


@pytest.mark.asyncio
async def test_each_channel_and_each_route_has_its_own_bucket():
    async with PlaygroundHere(bucket_calls=1, bucket_seconds=30) as play:
        one, two = [await play.channel(name) for name in ("pictures", "general")]
        assert (await raw(play, f"/channels/{one}")).status == 200
        assert (await raw(play, f"/channels/{two}")).status == 200
        assert (await raw(play, f"/channels/{one}/messages")).status == 200
        assert (await raw(play, f"/channels/{one}")).status == 429


@pytest.mark.asyncio
async def test_everything_together_has_a_limit_but_interactions_have_not():
    async with (
        PlaygroundHere(global_calls=5, bucket_calls=100) as play,
        asked(play) as (
            bot,
            event,
            _,
        ),
    ):
        await asyncio.sleep(1.0)
        answers = [await raw(play) for _ in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert answers[-1].headers["X-RateLimit-Global"] == "true"
        assert answers[-1].headers["X-RateLimit-Scope"] == "global"
        assert (await bot.callback(event, 5))[0] == 200
        assert (await bot.hook("GET", event))[0] == 200


@pytest.mark.asyncio
async def test_interaction_tokens_have_buckets_of_their_own():
    async with (
        PlaygroundHere(bucket_calls=2, bucket_seconds=30) as play,
        asked(play) as (
            bot,
            event,
            _,
        ),
    ):
        await bot.callback(event, 5)
        statuses = [(await bot.hook("GET", event))[0] for _ in range(3)]
        assert statuses == [200, 200, 429]
        await play.person("ben").slash("go")
        other = await bot.event("INTERACTION_CREATE")
        await bot.callback(other, 5)
        assert (await bot.hook("GET", other))[0] == 200


@pytest.mark.asyncio
async def test_ten_thousand_refusals_shut_the_door():
    async with PlaygroundHere() as play:
        play.play.limits.invalid.extend([time.time()] * 9_999)
        assert (await play.rest("GET", "/users/@me", token="no"))[0] == 401  # noqa: S106 - not a secret, a wrong word
        shut = await raw(play)
        assert shut.status == 429
        assert "Via" not in shut.headers


# --- faults


@pytest.mark.asyncio
async def test_a_status_fault_has_no_effect_and_is_used_up():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        await play.fault("status", "callback", "POST", status=503, times=2)
        for _ in range(2):
            assert (await bot.callback(event, 4, content="x"))[0] == 503
        assert await play.person("ada").messages() == []
        assert (await bot.callback(event, 4, content="x"))[0] == 200


@pytest.mark.asyncio
async def test_a_coded_fault_and_a_limit():
    async with PlaygroundHere() as play:
        await play.fault("status", "/users/@me", status=403, code=50001)
        assert code(await play.rest("GET", "/users/@me")) == (403, 50001)
        await play.fault("limit", "/users/@me", seconds=1.5)
        status, body = await play.rest("GET", "/users/@me")
        assert (status, body["retry_after"]) == (429, 1.5)
        assert (await play.rest("GET", "/users/@me"))[0] == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "seen"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_connection_before_and_after_the_effect(kind: str, seen: int):
    async with PlaygroundHere() as play:
        where = f"/channels/{await play.channel('pictures')}/messages"
        await play.fault(kind, "messages$", "POST")
        with pytest.raises(aiohttp.ClientError):
            await play.rest("POST", where, json={"content": "x"})
        assert len(await play.person("ada").messages()) == seen
        row = (await play.requests("POST", "messages"))[-1]
        assert (row["fault"], row["status"]) == (kind, 200 if seen else 0)


@pytest.mark.asyncio
async def test_a_slow_answer_can_miss_the_three_seconds():
    async with PlaygroundHere(ack_seconds=0.4) as play, asked(play) as (bot, event, _):
        await play.fault("slow", "callback", seconds=0.6)
        assert code(await bot.callback(event, 4, content="x")) == (404, 10062)


@pytest.mark.asyncio
async def test_faults_fit_method_and_path_and_are_cleared():
    async with PlaygroundHere() as play:
        await play.fault("status", "/users/@me$", "POST", status=500, times=None)
        assert (await play.rest("GET", "/users/@me"))[0] == 200
        await play.fault("status", "/users/@me$", status=500, times=None)
        assert [(await play.rest("GET", "/users/@me"))[0] for _ in range(3)] == [500] * 3
        await play.no_faults()
        assert (await play.rest("GET", "/users/@me"))[0] == 200
        for bad in ({"kind": "explode"}, {"kind": "slow", "path": "("}):
            with pytest.raises(Refusal):
                await play.post("faults", **bad)


# --- the journal


@pytest.mark.asyncio
async def test_the_journal_tells_everything_but_secrets():
    async with PlaygroundHere() as play, asked(play) as (bot, event, id_):
        await bot.callback(event, 4, content="x" * 2001)
        await bot.callback(event, 4, content="x")
        await bot.hook("PATCH", event, json={"content": "y"})
        rows = await play.journal()
        assert [row["n"] for row in rows] == list(range(1, len(rows) + 1))
        refused, done, edited = rows[-3:]
        assert (refused["status"], done["status"], edited["status"]) == (400, 200, 200)
        assert refused["findings"][0]["path"] == ["data", "content"]
        assert done["findings"] == []
        assert edited["body"] == {"content": "y"}
        assert edited["interaction"] == done["interaction"] == id_
        assert event["token"] not in str(rows)
        assert play.token not in str(rows)
        assert await play.journal(since=rows[-1]["n"]) == []


@pytest.mark.asyncio
async def test_our_own_failure_is_a_500_and_a_row(caplog: Any, monkeypatch: Any):
    async with PlaygroundHere() as play, connected(play):
        monkeypatch.setattr("playground.payloads.own_user", lambda _: 1 / 0)
        assert (await play.rest("GET", "/users/@me"))[0] == 500
        assert (await play.requests())[-1]["findings"][0]["code"] == "fault"
        assert "ZeroDivisionError" in caplog.text
