"""A pool for tests that draw a thousand times: the tiny checkpoint, adapters of a few layers each."""

from pathlib import Path

from msgspec import structs
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from stylus_engine.model import Mask, Recipe, Shot, Weighted
from tests.sampling.draws import Pool, adapters, tiny_checkpoint
from tests.sampling.oracle import pristine
from tests.sampling.tiny import Layout, random_adapter

LAYOUTS: tuple[Layout, ...] = ("peft", "kohya", "locon", "loha", "lokr", "dora")
TOUCHED = ("mid_block", "encoder.layers.0", "encoder_layers_0")
BROKEN = "broken"


def small_pool(folder: Path) -> Pool:
    """Two adapters of each layout on a dozen layers, and one whose file ends too early."""
    checkpoint = tiny_checkpoint(folder)
    pipeline = pristine(Path(checkpoint.path))
    files: dict[str, Path] = {}
    for number in range(2 * len(LAYOUTS)):
        layout = LAYOUTS[number // 2]
        path = folder / f"{layout}-{number % 2}.safetensors"
        random_adapter(path, pipeline, layout, rank=2, alpha=1.0, seed=number)
        thin(path)
        files[path.stem] = path
    files[BROKEN] = folder / "broken.safetensors"
    files[BROKEN].write_bytes(files["peft-0"].read_bytes()[:-64])
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat", "the fox"), (16,))


def thin(path: Path) -> None:
    """Keep only the layers of TOUCHED."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    kept = {key: t for key, t in load_file(path).items() if any(part in key for part in TOUCHED)}
    save_file(kept, path, metadata=metadata)


def shot(pool: Pool, name: str, worn: dict[str, float], **changes: object) -> Shot:
    """A short shot of job "job" wearing adapters by name."""
    known = {adapter.name: adapter for adapter in pool.adapters}
    weighted = tuple(Weighted(adapter=known[each], weight=worn[each]) for each in worn)
    plain = Shot(
        id=name,
        job="job",
        index=0,
        recipe=Recipe(adapters=weighted, prompt=pool.prompts[0], mask=Mask()),
        seed=len(name),
        width=16,
        height=16,
        steps=1,
        guidance=1.0,
        sampler="euler",
    )
    return structs.replace(plain, **changes)
