"""The walk over Civitai's list, against a strict stand-in over real sockets."""

import asyncio
import json
import sys
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.sources.civitai import Civitai as Source
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.errors import SourceOdd, SourceRefused, SourceSilent, UnsafeAddress
from tests.catalog.servers.civitai import (
    BEGAN,
    Civitai,
    fault,
    model,
    version,
    when,
)
from tests.catalog.servers.serving import cut

RULES = Rules(
    allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0, wait_most=0.2
)


@asynccontextmanager
async def civitai(*models, rules=RULES, **kw):
    """A stand-in with these models, and our source that asks it."""
    there = Civitai(*models, page=kw.pop("page", 100))
    async with there(), Web(rules) as web:
        yield there, Source(web, there.url, **kw)


async def walked(source, cursor="", since="", pages=10**6, into=None):
    found = [] if into is None else into
    async with aclosing(source.pages(cursor, since)) as stream:
        async for page in stream:
            found.append(page)
            if len(found) == pages:
                break
    return found


def ids(pages):
    return [item.card.card_id for page in pages for item in page.items]


# --- the walk --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_walk_brings_every_version_once():
    two = model(8, modelVersions=[version(20), version(21)])
    async with civitai(*(model(n) for n in range(1, 8)), two, page=3) as (there, source):
        pages = await walked(source)
        assert sorted(ids(pages)) == sorted(
            [f"civitai:{n}:{n + 1000}" for n in range(1, 8)] + ["civitai:8:20", "civitai:8:21"]
        )
        assert [bool(page.cursor) for page in pages] == [True, True, False]
        assert len(there.place.asked) == 3
        assert source.name == "civitai"


@pytest.mark.asyncio
async def test_what_overlaps_is_told_of_once():
    async with civitai(*(model(n) for n in range(1, 10)), page=4) as (there, source):
        there.overlap = 2
        found = ids(await walked(source))
        assert sorted(found) == sorted({f"civitai:{n}:{n + 1000}" for n in range(1, 10)})


@pytest.mark.asyncio
@pytest.mark.parametrize("stop", [1, 2, 3])
async def test_a_walk_that_was_stopped_goes_on_from_its_cursor(stop):
    async with civitai(*(model(n) for n in range(1, 12)), page=3) as (there, source):
        before = await walked(source, pages=stop)
    # another process, later; the same place on the net
    async with there(), Web(RULES) as web:
        again = Source(web, there.url)
        after = await walked(again, cursor=before[-1].cursor)
    found = ids([*before, *after])
    assert len(found) == len(set(found)) == 11


@pytest.mark.asyncio
async def test_a_walk_over_some_bases_is_another_walk():
    xl = model(2, modelVersions=[version(2000, baseModel="SDXL 1.0")])
    bases = ("SDXL 1.0", "Pony")
    async with civitai(model(1), xl, bases=bases) as (_, source):
        assert ids(await walked(source)) == ["civitai:2:2000"]
        assert source.name == "civitai:Pony,SDXL 1.0"


@pytest.mark.asyncio
async def test_most_pauses_the_walk_and_does_not_end_it():
    async with civitai(*(model(n) for n in range(1, 10)), page=2, most=3) as (_, source):
        pages = await walked(source)
        assert len(ids(pages)) == 4
        assert pages[-1].cursor
        rest = await walked(source, cursor=pages[-1].cursor)
        assert not set(ids(rest)) & set(ids(pages))


@pytest.mark.asyncio
async def test_a_later_walk_stops_where_nothing_is_new():
    models = [model(n, modelVersions=[version(n + 1000, **dated(n * 24))]) for n in range(1, 40)]
    async with civitai(*models, page=5) as (there, source):
        since = (BEGAN + timedelta(days=30)).isoformat()
        pages = await walked(source, since=since)
        assert pages[-1].cursor == ""
        found = {int(each.split(":")[1]) for each in ids(pages)}
        assert set(range(28, 40)) <= found  # two days of overlap
        assert len(there.place.asked) <= 4


def dated(hours):
    return {field: when(hours) for field in ("publishedAt", "updatedAt", "createdAt")}


@pytest.mark.asyncio
async def test_a_model_without_times_might_be_new():
    bare = [
        model(n, modelVersions=[version(n + 1000, **dict.fromkeys(dated(0)))]) for n in range(1, 9)
    ]
    async with civitai(*bare, page=2) as (_, source):
        assert len(ids(await walked(source, since="2030-01-01T00:00:00+00:00"))) == 8


@pytest.mark.asyncio
async def test_a_cursor_that_ran_out_begins_anew():
    async with civitai(*(model(n) for n in range(1, 6)), page=2) as (there, source):
        assert len(ids(await walked(source, cursor="kept|for|months"))) == 5
        there.faults = [None, fault(400)]
        with pytest.raises(SourceRefused):  # one that was just given is another matter
            await walked(source)


IMPORT = """
import asyncio, sys
from pathlib import Path
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.importing import bring_in
from stylus_engine.catalog.sources.civitai import Civitai
from stylus_engine.catalog.web import Rules, Web

async def main(path, url):
    async with Web(Rules(allow_loopback=True, per_second=1000)) as web:
        await bring_in(Catalogue(Path(path)), Civitai(web, url), lambda _: None)

asyncio.run(main(*sys.argv[1:]))
"""


async def importing(*arguments):
    return await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORT, *map(str, arguments))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path):
    reached = asyncio.Event()

    async def hangs(request):
        reached.set()
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    path = tmp_path / "catalog.db"
    there = Civitai(*(model(n) for n in range(1, 40)), page=4)
    async with there():
        for answered in (2, 3):
            reached.clear()
            there.faults = [*[None] * answered, hangs]
            child = await importing(path, there.url)
            await asyncio.wait_for(reached.wait(), 60)
            child.kill()
            assert await child.wait() == -9
        there.faults = []
        before = len(there.place.asked)
        assert await (await importing(path, there.url)).wait() == 0
        assert len(there.place.asked) - before == 10 - 5
    found = sorted(card.card_id for card in Catalogue(path).cards())
    assert found == sorted(f"civitai:{n}:{n + 1000}" for n in range(1, 40))


# --- trouble ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_trouble_in_the_middle_loses_nothing():
    async def breaks_off(request):
        return await cut(request, b'{"items": [', 5000)

    async with civitai(*(model(n) for n in range(1, 8)), page=2) as (there, source):
        there.faults = [
            None, fault(429, Retry_After="0"), fault(503, Retry_After="1"), None,
            breaks_off, fault(502, b"<html>"), None,
        ]  # fmt: skip
        assert len(ids(await walked(source))) == 7


@pytest.mark.asyncio
async def test_trouble_without_end_leaves_a_cursor_to_go_on_from():
    async with civitai(*(model(n) for n in range(1, 8)), page=2) as (there, source):
        there.faults = [None, *[fault(503)] * 3]
        seen = []
        with pytest.raises(SourceSilent):
            await walked(source, into=seen)
        rest = await walked(source, cursor=seen[-1].cursor)
        assert len(ids([*seen, *rest])) == 7


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><title>Just a moment...</title>", SourceOdd),
        (b"[]", SourceOdd),
        (b"null", SourceOdd),
        (b'{"items": [', SourceOdd),
        (b"{}", SourceOdd),
        (b'{"error": "Down for maintenance", "items": null}', SourceOdd),
    ],
)
async def test_an_answer_of_another_kind_is_odd(body, kind):
    async with civitai(model(1)) as (there, source):
        there.faults = [fault(200, body)]
        with pytest.raises(kind):
            await walked(source)


def listed(cursor, *models):
    body = {"items": list(models), "metadata": {"nextCursor": cursor}}
    return fault(200, json.dumps(body).encode())


@pytest.mark.asyncio
async def test_cursors_that_lead_in_a_circle_are_noticed():
    async with civitai() as (there, source):
        there.faults = [listed("a", model(1)), listed("b", model(2)), listed("a", model(3))]
        with pytest.raises(SourceOdd, match="circle"):
            await walked(source)
        there.faults = [listed("k")]
        with pytest.raises(SourceOdd, match="circle"):
            await walked(source, cursor="k")


@pytest.mark.asyncio
async def test_what_came_with_a_cursor_that_leads_back_is_kept():
    async with civitai() as (there, source):
        there.faults = [listed("a", model(1)), listed("b", model(2)), listed("a", model(3))]
        pages = []

        async def gather():
            async with aclosing(source.pages("", "")) as walk:
                async for page in walk:
                    pages.append(page)  # noqa: PERF401 - it raises in the midst

        with pytest.raises(SourceOdd, match="circle"):
            await gather()
    models = [item.card.model_key for page in pages for item in page.items]
    assert list(dict.fromkeys(models)) == ["civitai:1", "civitai:2", "civitai:3"]
    assert [page.cursor for page in pages] == ["a", "b", "b"]


@pytest.mark.asyncio
async def test_a_text_that_was_cut_within_an_emoji_costs_no_page():
    """JavaScript writes half of a surrogate pair as an escape; Python's json does so too."""
    cut = {1: "low \udc09", 2: "half \ud83d", 3: "whole 🐉", 4: "a path C:\\ud83d"}
    page = {"items": [model(n, description=text) for n, text in cut.items()], "metadata": {}}
    async with civitai() as (there, source):
        there.faults = [fault(200, json.dumps(page).encode())]
        (found,) = await walked(source)
    told = {item.card.model_key: item.card.description.split(".")[0] for item in found.items}
    assert [told[f"civitai:{n}"] for n in cut] == ["low", "half", "whole", r"a path C:\ud83d"]


@pytest.mark.asyncio
async def test_new_cursors_for_ever_with_nothing_new_are_noticed():
    async with civitai() as (there, source):
        there.faults = [listed(str(n), model(1)) for n in range(100)]
        with pytest.raises(SourceOdd, match="nothing new"):
            await walked(source)
        assert len(there.faults) > 50


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "metadata",
    [{"nextCursor": 1.5}, {"nextCursor": {"id": 2}}, {"nextPage": "https://x.example/2"}],
)
async def test_a_next_page_that_cannot_be_asked_for_is_no_end(metadata):
    """Else the walk would count as complete, and later ones would look at nothing older."""
    odd = fault(200, json.dumps({"items": [model(2)], "metadata": metadata}).encode())
    async with civitai() as (there, source):
        there.faults = [listed("a", model(1)), odd]
        pages = []
        with pytest.raises(SourceOdd, match="next page"):
            await walked(source, into=pages)
    assert [page.cursor for page in pages] == ["a", "a"]
    assert [item.card.model_key for item in pages[1].items][:1] == ["civitai:2"]


@pytest.mark.asyncio
async def test_a_numeric_cursor_goes_back_as_it_came():
    async with civitai() as (there, source):
        there.faults = [listed(1_744_925_337_225, model(1)), listed(None, model(2))]
        assert len(ids(await walked(source))) == 2
        assert "cursor=1744925337225" in there.place.paths[1]


@pytest.mark.asyncio
async def test_a_redirect_into_our_own_network_is_not_followed():
    async with civitai(model(1)) as (there, source):
        there.faults = [fault(302, Location="http://10.0.0.1/api/v1/models")]
        with pytest.raises(UnsafeAddress):
            await walked(source)
