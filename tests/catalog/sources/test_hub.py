"""The hub's repositories against a strict stand-in, which the hub's own client judges."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from stylus_engine.catalog.nouns import Item, Skipped
from stylus_engine.catalog.sources.hub import EXPAND, FILTERS, Hub, named_by
from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.sources.repositories import base_of_repository, entries
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.errors import BadArchive, SourceOdd, SourceRefused, SourceSilent, UnsafeAddress
from stylus_engine.model import Licence
from tests.catalog.servers.civitai import fault, reply
from tests.catalog.servers.hub import BEGAN, COMMIT, HubServer, ranged, repository
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


def only(*files, **fields) -> Any:
    (found,) = entries(Record(repository(1, *files, **fields)), HOME)
    return found


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


# --- records ---------------------------------------------------------------------


def test_a_usual_record():
    item = only()
    card = item.card
    assert card.card_id == card_id(1)
    assert card.model_key == "huggingface:painter/ink-1"
    assert (card.name, card.author) == ("ink 1", "painter")
    assert (card.family_declared, card.base) == ("sdxl", "")
    assert card.triggers == ("ink wash",)
    assert card.tags == ("lora", "watercolour", "ink")
    assert card.rating == "pg13"
    assert card.popularity == 101
    assert card.licence == Licence(name="apache-2.0", commercial=True, derivatives=True)
    base = f"{HOME}/painter/ink-1/resolve/{COMMIT}"
    assert card.url == f"{base}/pytorch_lora_weights.safetensors"
    assert [each.prompt for each in item.examples] == ["an ink wash fox", ""]
    assert card.previews == (
        f"{base}/images/fox%201.png",
        "https://cdn-lfs.huggingface.co/a.png",
    )
    assert "an ink wash fox" in card.description


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        (("lora.safetensors",), ["lora"]),
        (("a-000010.safetensors", "a.safetensors"), ["a-000010", "a"]),
        (("other.safetensors", "pytorch_lora_weights.safetensors"), ["pytorch_lora_weights"]),
        (("checkpoint-500/pytorch_lora_weights.safetensors", "x.safetensors"), ["x"]),
    ],
)
def test_which_files_are_adapters(files, kept):
    found = list(entries(Record(repository(1, *files)), HOME))
    assert [
        each.card.card_id.rpartition(":")[2] for each in found if isinstance(each, Item)
    ] == kept
    names = {each.card.name for each in found if isinstance(each, Item)}
    assert len(names) == len(kept)


def test_ids_of_odd_file_names_are_apart_and_well_formed():
    names = ["a b.safetensors", "a-b.safetensors", "a_b.safetensors", f"{'x' * 200}.safetensors"]
    found: Any = list(entries(Record(repository(1, *names)), HOME))
    found = [each.card.card_id for each in found]
    assert len(set(found)) == 4
    assert all(len(each.rpartition(":")[2]) <= 80 and " " not in each for each in found)


@pytest.mark.parametrize(
    ("files", "fields", "reason"),
    [
        ((), {"gated": "auto"}, "gated"),
        ((), {"gated": "manual"}, "gated"),
        ((), {"gated": True}, "gated"),
        ((), {"private": True}, "gated"),
        ((), {"disabled": True}, "gated"),
        ((), {"pipeline_tag": "text-generation"}, "unsupported"),
        ((), {"id": "../../etc/passwd"}, "odd record"),
        ((), {"id": None}, "odd record"),
        (("model.bin",), {}, "not safetensors"),
        (("notes.txt",), {}, "no file"),
        (("../x.safetensors",), {}, "no file"),
        (("unet/diffusion_pytorch_model.safetensors", "vae/a.safetensors"), {}, "unsupported"),
        ((), {"siblings": None}, "no file"),
        (
            (),
            {"pipeline_tag": None, "tags": ["lora"], "cardData": {"base_model": "Qwen/Qwen2.5-7B"}},
            "no family",
        ),
    ],
)
def test_what_cannot_be_had_is_told_with_a_reason(files, fields, reason):
    found = only(*files, **fields)
    assert isinstance(found, Skipped)
    assert found.reason == reason


def test_a_run_that_kept_every_step_is_not_taken_whole():
    found = list(entries(Record(repository(1, *(f"s{n}.safetensors" for n in range(50)))), HOME))
    assert [type(each) for each in found].count(Item) == 32
    assert isinstance(found[0], Skipped)


@pytest.mark.parametrize(
    ("name", "family", "finer"),
    [
        ("runwayml/stable-diffusion-v1-5", "sd1", ""),
        ("CompVis/stable-diffusion-v1-4", "sd1", ""),
        ("stabilityai/stable-diffusion-2-1", "sd2", ""),
        ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl", ""),
        ("stabilityai/stable-diffusion-3.5-large", "sd3", ""),
        ("black-forest-labs/FLUX.1-dev", "flux1", ""),
        ("black-forest-labs/FLUX.1-Kontext-dev", "flux1", ""),
        ("black-forest-labs/FLUX.2-dev", "flux2", ""),
        ("Qwen/Qwen-Image", "qwen-image", ""),
        ("Tongyi-MAI/Z-Image-Turbo", "z-image", ""),
        ("cagliostrolab/animagine-xl-3.1", "sdxl", ""),
        ("AstraliteHeart/pony-diffusion-v6-xl", "sdxl", "pony"),
        ("OnomaAIResearch/Illustrious-xl-early-release-v0", "sdxl", "illustrious"),
        ("Qwen/Qwen2.5-7B-Instruct", "unknown", ""),
        ("meta-llama/Llama-3.1-8B", "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_base_models(name, family, finer):
    assert base_of_repository(name) == (family, finer)


def test_the_base_is_also_found_in_the_tags():
    tags = ["lora", "base_model:adapter:black-forest-labs/FLUX.1-dev"]
    assert only(cardData={}, tags=tags).card.family_declared == "flux1"
    assert only(cardData=None, tags=["lora"]).card.family_declared == "unknown"


@pytest.mark.parametrize(
    ("said", "triggers"),
    [
        ("TOK", ("TOK",)), (None, ()), ("", ()), (["a", "b", None, 3], ("a", "b")),
        ("sks, ink wash", ("sks", "ink wash")), ("<lora:x:1> in the style of (TOK:1.2)", ("in the style of TOK",)),
        ({"a": 1}, ()),
    ],
)  # fmt: skip
def test_instance_prompts(said, triggers):
    assert only(cardData={"instance_prompt": said}).card.triggers == triggers


@pytest.mark.parametrize(
    ("fields", "rating"),
    [
        ({"tags": ["lora", "not-for-all-audiences"]}, "x"), ({"id": "a/my-NSFW-lora"}, "x"),
        ({"tags": ["hentai"]}, "x"), ({"id": "a/essex-village"}, "pg13"), ({}, "pg13"),
    ],
)  # fmt: skip
def test_ratings(fields, rating):
    assert only(**fields).card.rating == rating


@pytest.mark.parametrize(
    ("card", "name", "free"),
    [
        ({"license": "mit"}, "mit", True),
        ({"license": "other", "license_name": "flux-1-dev-non-commercial-license"},
         "flux-1-dev-non-commercial-license", False),
        ({"license": "cc-by-nc-4.0"}, "cc-by-nc-4.0", False),
        ({}, "unknown", False),
    ],
)  # fmt: skip
def test_licences(card, name, free):
    licence = only(cardData=card).card.licence
    assert (licence.name, licence.commercial, licence.derivatives) == (name, free, free)


def test_pictures_elsewhere_than_https_are_left_out():
    urls = ["http://x.org/a.png", "file:///etc/passwd", "../../x.png", "data:image/png;base64,x"]
    widget = [{"text": f"t{n}", "output": {"url": url}} for n, url in enumerate(urls)]
    item = only(cardData={"widget": widget})
    assert item.card.previews == ()
    assert [each.url for each in item.examples] == [""] * 4


def test_stamps_change_with_the_commit():
    assert only().stamp == only(downloads=102, likes=9).stamp
    others = {only().stamp, only(sha="f" * 40).stamp, only(lastModified="2027").stamp}
    assert len(others) == 3


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.sampled_from(sorted(repository(1))), st.sampled_from(sorted(repository(1)["cardData"])),
    ODD, ODD,
)  # fmt: skip
def test_no_field_of_any_kind_breaks_the_walk(above, inner, one, two):
    record = repository(1)
    record["cardData"] = record["cardData"] | {inner: two}
    record[above] = one
    for entry in entries(Record(record), HOME):
        assert isinstance(entry, Item | Skipped)


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
    assert named_by(link) == named


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
