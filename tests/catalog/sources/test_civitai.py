"""Civitai's list, models and lookups, against a strict stand-in over real sockets."""

import asyncio
import hashlib
import json
import sys
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from aiohttp import web as http
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Skipped
from stylus_engine.catalog.sources.civitai import Civitai as Source
from stylus_engine.catalog.sources.civitai import Named, named_by
from stylus_engine.catalog.sources.models import entries
from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import BadArchive, SourceOdd, SourceRefused, SourceSilent, UnsafeAddress
from stylus_engine.model import Licence
from tests.catalog.servers.civitai import (
    BEGAN,
    Civitai,
    fault,
    file,
    model,
    picture,
    sha256,
    version,
    when,
)
from tests.catalog.servers.serving import cut, serving

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


def only(**fields) -> Any:
    """What one model becomes."""
    (found,) = entries(Record(model(1, **fields)), "https://civitai.com")
    return found


def only_version(**fields) -> Any:
    return only(modelVersions=[version(1001, **fields)])


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
async def test_new_cursors_for_ever_with_nothing_new_are_noticed():
    async with civitai() as (there, source):
        there.faults = [listed(str(n), model(1)) for n in range(100)]
        with pytest.raises(SourceOdd, match="nothing new"):
            await walked(source)
        assert len(there.faults) > 50


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


# --- records ---------------------------------------------------------------------


def test_a_usual_record():
    item = only()
    card = item.card
    assert (card.card_id, card.model_key) == ("civitai:1:1001", "civitai:1")
    assert (card.name, card.author, card.kind) == ("Model 1", "Painter", "lora")
    assert card.description == "Adds thing 1 to a picture."
    assert (card.family_declared, card.base) == ("sd1", "")
    assert card.triggers == ("trigger1001",)
    assert card.tags == ("style", "ink")
    assert card.file_sha256 == sha256(1001)
    assert card.file_bytes == 150_995_456
    assert card.url == "https://civitai.com/api/download/models/1001"
    assert card.popularity == 1101
    assert card.rating == "pg"
    assert card.licence == Licence(name="civitai", commercial=False, derivatives=True, credit=False)
    assert card.described_by == "card"
    assert not any((card.real_person, card.minor))
    assert json.loads(item.raw)["model"]["name"] == "Model 1"


@pytest.mark.parametrize(
    ("said", "commercial"),
    [
        ("{Image,RentCivit}", False), ("{Image,Rent}", True), ("Sell", True), ("None", False),
        (["Image"], False), (["Rent"], True), (["{Image,Rent}"], True), ([], False),
        (None, False), ("{}", False), (["{Sell}"], True), (7, False),
    ],
)  # fmt: skip
def test_commercial_use_in_its_shapes(said, commercial):
    assert only(allowCommercialUse=said).card.licence.commercial is commercial


@pytest.mark.parametrize(
    ("base", "family", "finer"),
    [
        ("SD 1.5", "sd1", ""), ("SD 1.5 LCM", "sd1", ""), ("SD 2.1 768", "sd2", ""),
        ("SDXL 1.0", "sdxl", ""), ("SDXL Lightning", "sdxl", ""), ("Pony", "sdxl", "pony"),
        ("Illustrious", "sdxl", "illustrious"), ("NoobAI", "sdxl", "noobai"),
        ("SD 3.5 Large", "sd3", ""), ("Flux.1 D", "flux1", ""), ("Flux.2 Klein 9B", "flux2", ""),
        ("Qwen", "qwen-image", ""), ("Other", "unknown", ""), (None, "unknown", ""),
    ],
)  # fmt: skip
def test_base_models(base, family, finer):
    card = only_version(baseModel=base).card
    assert (card.family_declared, card.base) == (family, finer)


def test_a_base_that_nobody_knows_is_no_crash():
    assert only_version(baseModel="Brand New 9 ⚡").card.family_declared == "brandnew9"


@pytest.mark.parametrize(
    ("levels", "rating"),
    [
        ({"nsfwLevel": 1}, "pg"), ({"nsfwLevel": 3}, "pg13"), ({"nsfwLevel": 7}, "r"),
        ({"nsfwLevel": 31}, "x"), ({"nsfwLevel": 32}, "x"), ({"nsfwLevel": 1, "nsfw": True}, "r"),
        ({"nsfwLevel": 0, "modelVersions": [version(1001, images=[])]}, "r"),
        ({"nsfwLevel": None, "modelVersions": [version(1001, images=None)]}, "r"),
        ({"modelVersions": [version(1001, images=[picture(1), picture(2, nsfwLevel=8)])]}, "x"),
    ],
)  # fmt: skip
def test_ratings_take_the_strictest_and_the_unrated_is_not_for_everybody(levels, rating):
    assert only(**levels).card.rating == rating


def test_only_mild_pictures_are_previews():
    images = [picture(n, nsfwLevel=level) for n, level in enumerate((1, 2, 4, 16))]
    card = only_version(images=[*images, picture(9, type="video"), None, "odd"]).card
    assert [url[-6:] for url in card.previews] == ["0.jpeg", "1.jpeg"]


@pytest.mark.parametrize(
    ("fields", "person", "minor"),
    [
        ({"poi": True}, True, False), ({"minor": True}, False, True),
        ({"tags": ["Celebrity", "woman"]}, True, False), ({"tags": ["shota"]}, False, True),
        ({"tags": ["children's book"]}, False, False),
    ],
)  # fmt: skip
def test_flags_stay_on_the_card(fields, person, minor):
    card = only(**fields).card
    assert (card.real_person, card.minor) == (person, minor)


@pytest.mark.parametrize(
    ("words", "triggers"),
    [
        (["ink wash, ukiyo-e , ink wash"], ("ink wash", "ukiyo-e")),
        (["<lora:inkwash:0.8> ink"], ("ink",)),
        (["(ink wash:1.3)", "[sumi]", "BREAK"], ("ink wash", "sumi")),
        (["see https://evil.example/x now", "@everyone hi"], ("see now", "everyone hi")),
        (["a &amp; b", None, 7, "", "  "], ("a & b",)),
        (["ｗｉｄｅ\u200b\u202e word"], ("wide word",)),
        ([f"word{n}" for n in range(30)], tuple(f"word{n}" for n in range(12))),
        (None, ()),
        ("not a list", ()),
    ],
)
def test_trained_words(words, triggers):
    assert only_version(trainedWords=words).card.triggers == triggers


def test_a_whole_prompt_among_the_trained_words_is_not_taken_apart():
    prompt = "masterpiece, a very long sentence about a dragon that sits on a rock, sunset"
    assert len(only_version(trainedWords=[prompt]).card.triggers) == 1


def test_markup_of_descriptions_is_gone():
    text = "<p>Use &lt;b&gt;</p><script>alert(1)</script><!-- hidden --><li>0.7</li>\u202e"
    card = only(description=text, modelVersions=[version(1001, description="<p>v2</p>")]).card
    assert "script" not in card.description
    assert "alert" not in card.description
    assert "hidden" not in card.description
    assert "\u202e" not in card.description
    assert "0.7" in card.description
    assert "v2" in card.description
    assert only(description=None).card.description == ""


def test_the_median_of_the_examples_weights_is_the_prior():
    images = [
        picture(n, meta={"prompt": "ink", "civitaiResources": [
            {"type": "checkpoint", "modelVersionId": 5},
            {"type": "lora", "weight": weight, "modelVersionId": 1001}]})
        for n, weight in enumerate((0.5, 0.6, 1.4))
    ]  # fmt: skip
    item = only_version(images=images)
    assert item.card.weight == 0.6
    assert [each.prompt for each in item.examples] == ["ink"] * 3
    assert only().card.weight == 0.8


@pytest.mark.parametrize("weight", [900, -900, "0.7", float("inf"), None, [], True])
def test_an_absurd_weight_is_no_crash(weight):
    images = [
        picture(1, meta={"resources": [{"type": "lora", "name": "x", "weight": weight}]}),
        picture(2, meta="odd"),
    ]
    card = only_version(images=images).card
    assert -4 <= card.weight_low <= card.weight <= card.weight_high <= 4


SOON = (datetime.now(UTC) + timedelta(days=3)).isoformat()
PAST = (datetime.now(UTC) - timedelta(days=3)).isoformat()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "Checkpoint"}, "unsupported"),
        ({"type": None}, "unsupported"),
        ({"mode": "Archived"}, "no file"),
        ({"mode": "TakenDown"}, "no file"),
        ({"modelVersions": []}, "no file"),
        ({"modelVersions": None}, "no file"),
        ({"modelVersions": [version(1001, files=[])]}, "no file"),
        ({"modelVersions": [version(1001, files=[file(1, type="Training Data")])]}, "no file"),
        ({"modelVersions": [version(1001, usageControl="Generation")]}, "gated"),
        ({"modelVersions": [version(1001, usageControl="InternalGeneration")]}, "gated"),
        ({"modelVersions": [version(1001, earlyAccessEndsAt=SOON)]}, "gated"),
        ({"modelVersions": [version(1001, availability="EarlyAccess")]}, "gated"),
        ({"modelVersions": [version(1001, status="Draft")]}, "gated"),
        (
            {
                "modelVersions": [
                    version(1001, files=[file(1, metadata={"format": "PickleTensor"})])
                ]
            },
            "not safetensors",
        ),
        (
            {"modelVersions": [version(1001, files=[file(1, name="a.pt", metadata=None)])]},
            "not safetensors",
        ),
        (
            {"modelVersions": [version(1001, files=[file(1, virusScanResult="Danger")])]},
            "broken file",
        ),
        ({"modelVersions": [version(1001, files=[file(1, sizeKB=3e7)])]}, "too large"),
        ({"modelVersions": [version(1001) | {"id": None}]}, "odd record"),
        ({"id": None}, "odd record"),
        ({"id": "12; drop"}, "odd record"),
    ],
)
def test_what_cannot_be_had_is_told_with_a_reason(fields, reason):
    found = only(**fields)
    assert isinstance(found, Skipped)
    assert found.reason == reason


def test_early_access_that_ran_out_is_public():
    found = only_version(earlyAccessEndsAt=PAST, availability="EarlyAccess")
    assert isinstance(found, Item)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [("LORA", "lora"), ("LoCon", "locon"), ("DoRA", "dora"), ("TextualInversion", "embedding")],
)
def test_kinds(kind, ours):
    assert only(type=kind).card.kind == ours


def test_the_primary_safetensors_file_is_chosen():
    files = [
        file(1, name="a.pt", metadata={"format": "PickleTensor"}),
        file(2, primary=False),
        file(3),
        file(4, type="Training Data"),
    ]
    assert only_version(files=files).card.file_sha256 == sha256(3)
    assert only_version(files=files[:2]).card.file_sha256 == sha256(2)


@pytest.mark.parametrize(
    "hashes",
    [{}, None, {"SHA256": None}, {"SHA256": "abc"}, {"SHA256": "../" * 21 + "x"},
     {"SHA256": hashlib.sha256(b"").hexdigest().upper()}],
)  # fmt: skip
def test_a_file_that_was_not_hashed_has_no_digest(hashes):
    assert only_version(files=[file(1, hashes=hashes)]).card.file_sha256 is None


def test_stamps_change_with_what_is_said_and_not_with_each_download():
    def stamp(**fields):
        return only(**fields).stamp

    few, more = (version(1001, stats={"downloadCount": n}) for n in (1100, 1101))
    assert stamp() == stamp()
    assert stamp(modelVersions=[few]) == stamp(modelVersions=[more])
    others = [
        stamp(name="New"), stamp(poi=True), stamp(nsfwLevel=4), stamp(description="x"),
        stamp(allowDerivatives=False), stamp(tags=["x"]),
        stamp(modelVersions=[version(1001, updatedAt=when(5))]),
        stamp(modelVersions=[version(1001, files=[file(7)])]),
    ]  # fmt: skip
    assert len({stamp(), *others}) == len(others) + 1


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(model(1))), st.sampled_from(sorted(version(1))), ODD, ODD)
def test_no_field_of_any_kind_breaks_the_walk(above, inner, one, two):
    record = model(1) | {above: one}
    if isinstance(record["modelVersions"], list) and above != "modelVersions":
        record["modelVersions"] = [version(1001) | {inner: two}, one]
    for entry in entries(Record(record), "https://civitai.com"):
        assert isinstance(entry, Item | Skipped)


# --- one, by hash, examples, gone ------------------------------------------------


@pytest.mark.parametrize(
    ("link", "named"),
    [
        ("https://civitai.com/models/12", Named(12, 0)),
        ("https://civitai.com/models/12/some-name?modelVersionId=34", Named(12, 34)),
        ("https://www.civitai.red/de/models/12/x?a=b&modelVersionId=34#top", Named(12, 34)),
        ("https://civitai.com/api/download/models/34?type=Model", Named(0, 34)),
        ("https://civitai.com/api/v1/model-versions/34", Named(0, 34)),
        ("civitai:12:34", Named(12, 34)),
        ("urn:air:sd1:lora:civitai:12@34", Named(12, 34)),
        ("http://civitai.com/models/12", None),
        ("https://civitai.com.evil.example/models/12", None),
        ("https://evil.example/https://civitai.com/models/12", None),
        ("https://civitai.com/images/12", None),
        ("https://civitai.com/models/" + "9" * 40, None),
        ("", None),
    ],
)
def test_links(link, named):
    assert named_by(link) == named


@pytest.mark.asyncio
async def test_one_model_by_its_link():
    two = model(8, modelVersions=[version(20, usageControl="Generation"), version(21)])
    async with civitai(model(1), two, model(3, poi=True)) as (_, source):
        assert (await source.one("https://civitai.com/models/1")).card.card_id == "civitai:1:1001"
        assert (await source.one("civitai:8")).card.card_id == "civitai:8:21"
        link = "https://civitai.com/api/download/models/21"
        assert (await source.one(link)).card.name == "Model 8 v21"
        assert (await source.one("civitai:3:1003")).card.real_person
        for link, why in (
            ("civitai:8:20", "gated"),
            ("civitai:8:99", "no such version"),
            ("https://x.org/", "no model"),
        ):
            with pytest.raises(BadArchive, match=why):
                await source.one(link)
        with pytest.raises(SourceRefused, match="No model with id 77"):
            await source.one("civitai:77")


@pytest.mark.asyncio
async def test_local_files_are_looked_up_in_bulk():
    hidden = model(3, poi=True)
    models = [*(model(n) for n in range(10, 230)), hidden]
    async with civitai(*models) as (there, source):
        wanted = [sha256(n + 1000) for n in range(10, 230)] + [sha256(1003), "f" * 64]
        found = await source.cards_by_sha256([each.upper() for each in wanted] * 2)
        assert set(found) == set(wanted) - {"f" * 64}
        assert found[sha256(1010)].card.card_id == "civitai:10:1010"
        assert found[sha256(1003)].card.real_person
        assert found[sha256(1010)].card.tags == ("style", "ink")
        assert len(there.place.asked) == 1 + 3 + 3 + 1
        assert await source.cards_by_sha256([]) == {}


@pytest.mark.asyncio
async def test_examples_come_with_prompts_and_weights():
    async with civitai(model(1)) as (there, source):
        there.pictures = [
            picture(1, nsfwLevel="Soft", browsingLevel=2, modelVersionIds=[1001], meta={
                "prompt": "a dragon", "negativePrompt": "blur",
                "civitaiResources": [{"type": "lora", "weight": 0.65, "modelVersionId": 1001}]}),
            picture(2, nsfwLevel="X", browsingLevel=16, modelVersionIds=[1001], meta={
                "id": 5, "meta": {"prompt": "nested"}}),
            picture(3, modelVersionIds=[1001], meta=None),
            picture(4, modelVersionIds=[2], meta={"prompt": "another's"}),
        ]  # fmt: skip
        one, two, three = await source.examples(1001)
        assert (one.prompt, one.negative, one.weight, one.rating) == (
            "a dragon", "blur", 0.65, "pg13",
        )  # fmt: skip
        assert (two.prompt, two.rating) == ("nested", "x")
        assert three.prompt == ""


@pytest.mark.asyncio
async def test_gone_is_what_is_explicitly_gone():
    async with civitai(model(1), model(2), model(3)) as (there, source):
        there.faults = [None, fault(410), fault(403), fault(401)]
        cards = ["civitai:1:1001", "civitai:2:1002", "civitai:3:1003", "civitai:1:1001"]
        assert await source.gone([*cards, "civitai:9:9", "local:x:1"]) == (
            "civitai:2:1002",
            "civitai:9:9",
        )
        there.faults = [fault(503)] * 3
        with pytest.raises(SourceSilent):
            await source.gone(["civitai:1:1001"])


@pytest.mark.asyncio
async def test_its_files_come_by_a_redirect_that_hears_no_token(tmp_path):
    data = save({"lora_unet_x.lora_down.weight": np.ones((4, 4), "float32")})

    async def cdn(request):
        if "Authorization" in request.headers:
            return http.Response(status=400)
        return http.Response(body=data)

    async with serving(cdn) as store, civitai(model(1)) as (there, source), Web(RULES) as web:
        there.cdn = store.url
        digest = hashlib.sha256(data).hexdigest().upper()
        there.models[0]["modelVersions"][0]["files"] = [file(1, hashes={"SHA256": digest})]
        card = (await source.one("civitai:1")).card
        files = Weights(tmp_path, web, 10**9, tokens={"127.0.0.1": there.token})
        assert (await files.bring(card)).read_bytes() == data
        with pytest.raises(SourceRefused, match="login"):
            await Weights(tmp_path / "b", web, 10**9).bring(card)
        assert store.paths == ["/1001.safetensors?X-Amz-Signature=abc%2F"]
