"""A checkpoint: the model that adapters adapt."""

from stylus_engine.model.noun import Noun

FLOWING = frozenset({"flux1", "sd3", "z-image"})  # families of flow matching
DISTILLED = frozenset({"flux1"})  # families that were taught to draw without a negative row


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
    guided: bool = True  # false: FLUX.1 that was taught to read no guidance (schnell)

    def drawn_with(self, sampler: str) -> str:
        """The sampler that its pictures are drawn with where `sampler` is asked for.

        Flow matching has none of the others: its way from noise to picture is straight.
        """
        return "euler" if self.family in FLOWING else sampler

    @property
    def heeds_negatives(self) -> bool:
        """Whether a negative prompt says anything to it."""
        return self.family not in DISTILLED
