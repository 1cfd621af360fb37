"""Repositories of the hub with thousands of files: none of their adapters is missed without a word."""

import asyncio

import huggingface_hub
import pytest

from stylus_engine.errors import SourceOdd, SourceRefused
from tests.catalog.servers.civitai import fault, refuse
from tests.catalog.servers.hub import COMMIT, repository
from tests.catalog.sources.test_hub import HOME, card_id, hub, ids, lora, walked

SAMPLES = [f"images/{number:04}.png" for number in range(2100)]


@pytest.mark.parametrize("most", [0, 1001, 10**6])
@pytest.mark.asyncio
async def test_no_adapter_is_missed_behind_thousands_of_pictures(most):
    """Names are sorted: what is at the top stands behind a folder of samples."""
    async with hub(repository(1, *SAMPLES, "lora.safetensors")) as (there, source):
        there.most_siblings, there.files = most, {"lora.safetensors": lora()}
        (item,) = [item for page in await walked(source) for item in page.items]
        assert item.card.card_id == "huggingface:painter/ink-1:lora"
        assert len(item.raw) < 2000
        alone = await source.one(f"{HOME}/painter/ink-1")
        assert alone.card.card_id == item.card.card_id


@pytest.mark.asyncio
async def test_one_named_file_of_a_large_repository_costs_no_list():
    async with hub(repository(1, *SAMPLES, "lora.safetensors")) as (there, source):
        there.files = {"lora.safetensors": lora()}
        await source.one(f"{HOME}/painter/ink-1/blob/main/lora.safetensors")
        assert not [path for path in there.place.paths if "/tree/" in path]


@pytest.mark.asyncio
async def test_the_hubs_own_client_reads_the_same_tree(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    async with hub(repository(1, *SAMPLES, "lora.safetensors")) as (there, source):
        there.files = {"lora.safetensors": lora()}
        api = huggingface_hub.HfApi(endpoint=there.url, token=False)
        theirs = await asyncio.to_thread(api.list_repo_files, "painter/ink-1", revision=COMMIT)
        huggingface_hub.close_session()
        assert sorted(theirs) == sorted(["README.md", *SAMPLES, "lora.safetensors"])
        their_paths = [path.partition("?")[0] for path in there.place.paths]
        await source.one(f"{HOME}/painter/ink-1")
        ours = [path.partition("?")[0] for path in there.place.paths if "/tree/" in path]
        assert ours == their_paths * 2


@pytest.mark.parametrize("trouble", ["refused", "endless", "elsewhere"])
@pytest.mark.asyncio
async def test_a_repository_whose_files_cannot_be_listed_is_told_and_holds_up_none(trouble):
    async def tree(request):
        if trouble == "refused":
            return refuse(404, "no such tree")
        elsewhere = "https://evil.example/api" if trouble == "elsewhere" else str(request.url)
        return await fault(200, b"[]", Link=f'<{elsewhere}>; rel="next"')(request)

    async with hub(repository(1), repository(2, *SAMPLES, "lora.safetensors")) as (there, source):
        there.faults = [None, tree]
        pages = await walked(source)
        assert ids(pages) == [card_id(1)]
        (skipped,) = [each for page in pages for each in page.skipped]
        assert (skipped.what, skipped.reason) == ("huggingface:painter/ink-2", "not reachable")
        there.faults = [None, tree]
        with pytest.raises((SourceRefused, SourceOdd)):
            await source.one(f"{HOME}/painter/ink-2")
