"""An adapter that became factors only by leaving something out: told wherever a picture is told of."""

from io import StringIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from bot.cards.made import made_of
from bot.cli.show import show_kept
from bot.texts import Texts
from stylus_engine.model import Adapter, Manifest, Mask, Picture, Recipe, Shot, Weighted
from stylus_engine.sampling.delta import Cut
from tests.model.nouns import MANIFEST
from tests.sampling.draws import Pool, tiny_checkpoint
from tests.sampling.judge import stage, walk
from tests.sampling.tiny import random_adapter, tiny_pipeline

TOLD = "97.3 % of Ink, 60.0 % of Wash"


@pytest.mark.parametrize(("rank", "told"), [(2, True), (256, False)])
def test_a_manifest_tells_what_was_left_out(tmp_path: Path, rank: int, told: bool):
    file = tmp_path / "dora.safetensors"
    random_adapter(file, tiny_pipeline(0), "dora")
    card = Adapter(card_id="dora", name="Ink", family_declared="sd1-32")
    on = stage(Pool(tiny_checkpoint(tmp_path), (card,), {"dora": file}, ("a",), (16,)))
    on.store._cut = Cut(exact_rank=rank, keep=0.9999, most_rank=rank)
    seen: list[Manifest] = []
    keep = on.pictures.keep
    on.pictures.keep = lambda pixels, manifest: (seen.append(manifest), keep(pixels, manifest))[1]
    recipe = Recipe(adapters=(Weighted(adapter=card, weight=1.0),), prompt="a cat", mask=Mask())
    shot = Shot(
        id="s",
        job="j",
        index=0,
        recipe=recipe,
        seed=1,
        width=16,
        height=16,
        steps=1,
        guidance=5.0,
        sampler="euler",
    )
    walk(on, [shot], lambda *_: None)
    (manifest,) = seen
    assert manifest.how.get("kept", "").endswith(" % of Ink") is told


def test_details_and_terminal_say_it():
    manifest = replace(MANIFEST, how=MANIFEST.how | {"kept": TOLD})
    said = "\n".join(made_of(Texts.load().of("en-US"), manifest))
    assert "shortened to fit: 97.3 % of Ink, 60.0 % of Wash" in said
    assert "shortened" not in "\n".join(made_of(Texts.load().of("en-US"), MANIFEST))
    out = StringIO()
    pictures = [
        Picture(id="a", path="a", width=8, height=8, manifest=each) for each in (manifest, MANIFEST)
    ]
    show_kept(Console(file=out, width=80), pictures)
    assert out.getvalue().strip() == f"Shortened to fit: {TOLD}"
