"""A checkpoint: the model that adapters adapt."""

from stylus_engine.model.noun import Noun


class Checkpoint(Noun, frozen=True, kw_only=True):
    """One checkpoint folder.

    `id` is the sha256 over the sorted (path, sha256) of its weights and configs;
    `family` names the architecture adapters must have been made for (`sd1`,
    `sdxl`, ...; a width other than the usual is part of it, as in `sd1-96`).
    """

    id: str
    name: str
    path: str
    family: str
    size: int  # pixels, the edge it was trained at
    multiple: int  # pixels; width and height must be multiples of it
