"""The hub's repositories against a strict stand-in, which the hub's own client judges."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.utils import parse_hf_uri
from safetensors.numpy import save

from stylus_engine.catalog.sources.hub import EXPAND, FILTERS, Hub, Named, named_by
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.errors import BadArchive, SourceOdd, SourceRefused, SourceSilent, UnsafeAddress
from tests.catalog.servers.civitai import fault, reply
from tests.catalog.servers.hub import BEGAN, HubServer, ranged, repository
from tests.catalog.servers.serving import serving

RULES = Rules(
    allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0, wait_most=0.2
)
HOME = "https://huggingface.co"


@asynccontextmanager
async def hub(*repositories, page=100, **kw):
    there = HubServer(*repositories, page=page)
    async with there(), Web(RULES) as web:
        yield there, Hub(web, there.url, **kw)


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


def card_id(number):
    return f"huggingface:painter/ink-{number}:pytorch_lora_weights"


# --- the stand-in, judged by the hub's own client ---------------------------------


@pytest.mark.asyncio
async def test_the_hubs_own_client_understands_the_stand_in(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    async with hub(*(repository(n) for n in range(1, 8)), page=3) as (there, source):
        api = huggingface_hub.HfApi(endpoint=there.url, token=False)
        fields: Any = list(EXPAND)
        asked = {"filter": list(FILTERS[0]), "sort": "last_modified", "expand": fields}
        theirs = await asyncio.to_thread(lambda: list(api.list_models(**asked, limit=100)))
        huggingface_hub.close_session()
        assert [each.id for each in theirs] == [f"painter/ink-{n}" for n in range(7, 0, -1)]
        assert theirs[0].card_data is not None
        assert theirs[0].card_data["instance_prompt"] == "ink wash"
        their_question = there.place.asked[0].query
        await walked(source, pages=1)
        ours = there.place.asked[3].query
        assert sorted(ours.items()) == sorted(their_question.items())


# --- the walk --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_walk_over_all_filters_brings_each_once():
    bare = repository(9, tags=["template:sd-lora"])
    async with hub(*(repository(n) for n in range(1, 8)), bare, page=3) as (_, source):
        pages = await walked(source)
        assert sorted(ids(pages)) == sorted(card_id(n) for n in (*range(1, 8), 9))
        assert pages[-1].cursor == ""
        assert source.name == "huggingface"


@pytest.mark.asyncio
@pytest.mark.parametrize("stop", [1, 2, 3, 5, 9])
async def test_a_walk_that_was_stopped_goes_on_from_its_cursor(stop):
    async with hub(*(repository(n) for n in range(1, 12)), page=3) as (there, source):
        before = await walked(source, pages=stop)
        async with Web(RULES) as web:
            after = await walked(Hub(web, there.url), cursor=before[-1].cursor)
    assert set(ids([*before, *after])) == {card_id(n) for n in range(1, 12)}
    first = ids(before)
    assert len(first) == len(set(first))


@pytest.mark.asyncio
async def test_many_pages_that_an_earlier_filter_had_are_no_circle():
    async with hub(*(repository(n) for n in range(1, 60)), page=2) as (_, source):
        assert len(ids(await walked(source))) == 59


@pytest.mark.asyncio
async def test_a_later_walk_stops_where_nothing_is_new():
    async with hub(*(repository(n * 24) for n in range(1, 40)), page=5) as (there, source):
        since = (BEGAN + timedelta(days=30)).isoformat()
        found = ids(await walked(source, since=since))
        assert {card_id(n * 24) for n in range(28, 40)} <= set(found)
        assert len(there.place.asked) <= 4 * len(FILTERS)


@pytest.mark.asyncio
async def test_narrowed_walks_and_most():
    other = repository(3, id="writer/pen", author="writer")
    async with hub(repository(1), repository(2), other, author="writer") as (_, source):
        assert ids(await walked(source)) == ["huggingface:writer/pen:pytorch_lora_weights"]
        assert source.name == "huggingface:author=writer"
    async with hub(*(repository(n) for n in range(1, 9)), page=2, most=3) as (_, source):
        pages = await walked(source)
        assert len(ids(pages)) == 4
        assert pages[-1].cursor


@pytest.mark.asyncio
async def test_a_token_goes_to_the_hub_alone():
    async def elsewhere(request):
        return reply([])

    async with serving(elsewhere) as other, hub(repository(1), token="t") as (there, source):  # noqa: S106 - of a stand-in
        there.faults = [fault(302, Location=other.url + "/api/models")]
        await walked(source)
        assert set(there.place.headers("Authorization")) == {"Bearer t"}
        assert other.headers("Authorization") == [None]


# --- trouble ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_trouble_in_the_middle_loses_nothing():
    async with hub(*(repository(n) for n in range(1, 8)), page=2) as (there, source):
        there.faults = [None, fault(429, Retry_After="0"), None, fault(500), fault(504)]
        assert len(ids(await walked(source))) == 7
        there.faults = [None, *[fault(503)] * 3]
        seen = []
        with pytest.raises(SourceSilent):
            await walked(source, into=seen)
        rest = await walked(source, cursor=seen[-1].cursor)
        assert set(ids([*seen, *rest])) == {card_id(n) for n in range(1, 8)}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (fault(200, b"<html>"), SourceOdd, "web page"),
        (fault(200, b"{}"), SourceOdd, "no list"),
        (fault(302, Location="https://192.168.0.1/"), UnsafeAddress, "network"),
        (fault(200, b"[]", Link='<https://evil.example/x>; rel="next"'), SourceOdd, "elsewhere"),
        (fault(200, b"[]", Link='<http://169.254.169.254/x>; rel="next"'), SourceOdd, "elsewhere"),
    ],
)
async def test_odd_answers(answer, error, why):
    async with hub(repository(1)) as (there, source):
        there.faults = [answer]
        with pytest.raises(error, match=why):
            await walked(source)


@pytest.mark.asyncio
async def test_cursors_that_lead_in_a_circle_are_noticed():
    async with hub(repository(1)) as (there, source):
        link = f'<{there.url}/api/models?cursor=same>; rel="next"'
        there.faults = [fault(200, b"[]", Link=link)] * 9
        with pytest.raises(SourceOdd, match="circle"):
            await walked(source)


@pytest.mark.asyncio
async def test_what_came_with_an_address_that_leads_back_is_kept():
    async with hub() as (there, source):
        there.faults = [
            fault(200, json.dumps([repository(n)]).encode(), Link=f"<{there.url}/{at}>; rel=next")
            for n, at in ((1, "a"), (2, "b"), (3, "a"))
        ]
        pages = []
        with pytest.raises(SourceOdd, match="circle"):
            await walked(source, into=pages)
    assert ids(pages) == [card_id(n) for n in (1, 2, 3)]
    assert [page.cursor for page in pages] == [f"0 {there.url}/{at}" for at in ("a", "b", "b")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "cursor",
    [
        "0 https://old.example/api?cursor=1",
        "99",
        "x",
        "0 file:///etc/passwd",
        "0 http://[",
        "0 URL",
    ],
)
async def test_a_cursor_that_leads_nowhere_begins_anew(cursor):
    async with hub(*(repository(n) for n in range(1, 6)), page=2) as (there, source):
        here = cursor.replace("URL", f"{there.url}/api/models?sort=lastModified&cursor=c9999")
        assert len(ids(await walked(source, cursor=here))) == 5


# --- one, and its header ---------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "named"),
    [
        ("https://huggingface.co/a/b", ("a/b", "")),
        ("https://hf.co/a/b/", ("a/b", "")),
        ("https://huggingface.co/a/b/tree/main", ("a/b", "")),
        ("https://huggingface.co/a/b/blob/main/c.safetensors", ("a/b", "c.safetensors")),
        ("https://huggingface.co/a/b/resolve/main/d/c.safetensors?download=true",
         ("a/b", "d/c.safetensors")),
        ("https://huggingface.co/a/b/blob/main/README.md", ("a/b", "")),
        ("https://huggingface.co/a/b/blob/main/my%20lora.safetensors", ("a/b", "my lora.safetensors")),
        ("https://huggingface.co/a/b/blob/v2/d/c.SAFETENSORS", ("a/b", "d/c.SAFETENSORS", "v2")),
        ("https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/c.safetensors",
         ("a/b", "c.safetensors", "refs/pr/1")),
        ("https://huggingface.co/a/b/tree/v2", ("a/b", "", "v2")),
        ("https://huggingface.co/a/b/tree/refs/pr/3", ("a/b", "", "refs/pr/3")),
        ("https://huggingface.co/a/b/blob/refs/pr/3/d/c.safetensors",
         ("a/b", "d/c.safetensors", "refs/pr/3")),
        ("https://huggingface.co/a/b/tree/dev%2Fnew", ("a/b", "", "dev/new")),
        ("https://huggingface.co/a/b/blob/refs/c.safetensors", ("a/b", "c.safetensors", "refs")),
        ("huggingface:a/b:c", ("a/b", "")),
        ("https://huggingface.co/datasets/a/b", None),
        ("https://huggingface.co/spaces/a", None),
        ("https://huggingface.co.evil.example/a/b", None),
        ("http://huggingface.co/a/b", None),
        ("https://huggingface.co/a", None),
        ("", None),
    ],
)  # fmt: skip
def test_links(link, named):
    assert named_by(link) == (named and Named(*named))


@pytest.mark.parametrize("revision", ["v2", "refs/pr/3", "dev%2Fnew", "refs%2Fpr%2F3"])
def test_the_hubs_own_client_reads_a_link_as_we_do(revision):
    link = f"{HOME}/a/b/blob/{revision}/d/c.safetensors"
    theirs = parse_hf_uri(link)
    assert named_by(link) == Named(theirs.id, theirs.path_in_repo, theirs.revision or "")


@pytest.mark.asyncio
async def test_the_hubs_own_client_asks_for_a_revision_as_we_do(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    async with hub(repository(1)) as (there, source):
        there.revisions = {"refs/pr/1": "ab" * 20}
        api = huggingface_hub.HfApi(endpoint=there.url, token=False)
        theirs = await asyncio.to_thread(api.model_info, "painter/ink-1", revision="refs/pr/1")
        huggingface_hub.close_session()
        assert theirs.sha == "ab" * 20
        there.files = {"pytorch_lora_weights.safetensors": lora()}
        await source.one(f"{HOME}/painter/ink-1/tree/refs%2Fpr%2F1")
        assert there.place.paths[1] == there.place.paths[0]


@pytest.mark.asyncio
async def test_a_link_means_the_revision_and_the_name_that_stand_in_it():
    name = "my lora.safetensors"
    async with hub(repository(1, name)) as (there, source):
        there.files, there.revisions = {name: lora()}, {"v2": "cd" * 20}
        item = await source.one(f"{HOME}/painter/ink-1/blob/v2/my%20lora.safetensors")
        assert (
            item.card.url == f"{there.url}/painter/ink-1/resolve/{'cd' * 20}/my%20lora.safetensors"
        )
        assert item.card.file_bytes == len(lora())
        with pytest.raises(SourceRefused):
            await source.one(f"{HOME}/painter/ink-1/blob/v3/my%20lora.safetensors")
        with pytest.raises(BadArchive):
            await source.one(f"{HOME}/painter/ink-1/blob/main/%2e%2e/%2e%2e/x.safetensors")


def lora(width=768, rows=8):
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    return save(
        {
            f"{name}.lora_down.weight": np.ones((rows, width), "float32"),
            f"{name}.lora_up.weight": np.ones((320, rows), "float32"),
        }
    )


@pytest.mark.asyncio
async def test_one_repository_with_what_its_header_says():
    async with hub(repository(1), repository(2, "a.safetensors", "b.safetensors")) as (
        there,
        source,
    ):
        there.files = {"pytorch_lora_weights.safetensors": lora(), "b.safetensors": lora()}
        item = await source.one(f"{HOME}/painter/ink-1")
        assert item.probed is not None
        assert (item.probed.family, item.probed.kind) == ("sd1", "lora")
        assert item.card.file_bytes == len(lora())
        assert item.card.family_declared == "sdxl"  # a claim stays a claim
        two = await source.one(f"{HOME}/painter/ink-2/blob/main/b.safetensors")
        assert two.card.card_id == "huggingface:painter/ink-2:b"
        with pytest.raises(BadArchive, match="several"):
            await source.one(f"{HOME}/painter/ink-2")
        with pytest.raises(SourceRefused):
            await source.one(f"{HOME}/nobody/nothing")
        with pytest.raises(BadArchive, match="no repository"):
            await source.one("https://civitai.com/models/1")


@pytest.mark.asyncio
async def test_a_broken_file_is_told_and_its_bytes_are_not_fetched():
    async with hub(repository(1), probing=True) as (there, source):
        there.files = {"pytorch_lora_weights.safetensors": b"\x80\x02 a pickle" * 100_000}
        (page,) = [each for each in await walked(source) if each.items or each.skipped]
        assert page.skipped[0].reason == "broken file"
        with pytest.raises(BadArchive, match="broken file"):
            await source.one(f"{HOME}/painter/ink-1")


@pytest.mark.asyncio
async def test_a_header_is_read_over_the_redirect_to_a_store_elsewhere():
    seen = []

    async def cdn(request):
        seen.append((request.headers.get("Authorization"), request.headers.get("Range")))
        return ranged(request, lora(rows=200))

    async with (
        serving(cdn) as store,
        hub(repository(1), token="t", probing=True) as (there, source),  # noqa: S106 - of a stand-in
    ):
        there.cdn = store.url
        (item,) = [item for page in await walked(source) for item in page.items]
        assert item.probed is not None
        assert item.probed.rank == 200
        assert item.card.file_bytes == len(lora(rows=200))
        assert seen == [(None, "bytes=0-131071")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("cdn", "reason"), [("", "not reachable"), ("https://10.0.0.1", "unsafe address")]
)
async def test_a_file_that_cannot_be_had_stops_no_walk(cdn, reason):
    async with hub(repository(1), repository(2), probing=True) as (there, source):
        there.cdn = cdn
        pages = await walked(source)
    assert pages[-1].cursor == ""
    assert [(s.what, s.reason) for page in pages for s in page.skipped] == [
        (card_id(2), reason), (card_id(1), reason),
    ]  # fmt: skip
