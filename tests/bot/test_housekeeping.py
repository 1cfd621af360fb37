"""Pictures that nobody needs any more leave the store."""

from pathlib import Path

import numpy as np

from bot.housekeeping import delete
from stylus_engine.model import Manifest, Recipe, Shot
from stylus_engine.pictures.store import PictureStore


def test_a_picture_is_found_where_the_store_put_it(tmp_path: Path):
    shot = Shot(
        id="j-1", job="j", index=0, recipe=Recipe(prompt="x"), seed=1, width=8, height=8,
        steps=1, guidance=1.0, sampler="euler",
    )  # fmt: skip
    store = PictureStore(tmp_path)
    manifest = Manifest(shot=shot, checkpoint="c", encoded="x")
    kept, gone = (
        store.keep(np.full((8, 8, 3), value, dtype=np.uint8), manifest) for value in (1, 2)
    )
    delete(tmp_path, [gone.id, "f" * 64])
    assert Path(kept.path).is_file()
    assert not Path(gone.path).exists()
