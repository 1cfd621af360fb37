"""What is known of an adapter beside its card: how it draws, and its update in a few hundred numbers."""

from stylus_engine.model.noun import Noun


class Sketch(Noun, frozen=True, kw_only=True):
    """`norm` is ‖ΔW‖ over all layers at weight 1; the rest are directions of length 1, float16.

    Dot products of two `update`s estimate the cosine of the updates; of two `listens`,
    how much they read the same inputs; of two `speaks`, how much they write into the
    same outputs (both 0 … 1).  Comparable between sketches of one version and checkpoint.
    """

    v: int
    norm: float
    update: bytes
    listens: bytes
    speaks: bytes


class Measured(Noun, frozen=True, kw_only=True):
    """What a check found of one adapter, as far as planning asks; figures 0 … 1.

    `strength` and `saturation` are those at the weight `scale`; `checkpoint` is the one
    that drew.  Without a `sketch` nothing is known of how it gets along with others.
    """

    checkpoint: str
    strength: float
    saturation: float
    scale: float
    sketch: Sketch | None = None
