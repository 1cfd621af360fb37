"""Single models, lookups by sha256, examples, what is gone: against the strict stand-in."""

import hashlib
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web as http
from safetensors.numpy import save

from stylus_engine.catalog.sources.civitai import Civitai as Source
from stylus_engine.catalog.sources.civitai import Named, named_by
from stylus_engine.catalog.web import Rules, Web
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import BadArchive, SourceRefused, SourceSilent
from tests.catalog.servers.civitai import (
    Civitai,
    fault,
    file,
    model,
    picture,
    sha256,
    version,
)
from tests.catalog.servers.serving import serving

RULES = Rules(
    allow_loopback=True, per_second=10_000, tries=3, wait_initial=0.01, wait_jitter=0, wait_most=0.2
)


@asynccontextmanager
async def civitai(*models, rules=RULES, **kw):
    """A stand-in with these models, and our source that asks it."""
    there = Civitai(*models, page=kw.pop("page", 100))
    async with there(), Web(rules) as web:
        yield there, Source(web, there.url, **kw)


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
