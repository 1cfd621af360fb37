"""What drawing takes: of a device's memory, of what is free there, of what torch compiles with; what half precision gains."""

from stylus_engine.model.noun import Noun


class Weights(Noun, frozen=True, kw_only=True):
    """Bytes of one model: `whole` in the precision that is drawn in, `eight` as a base in int8."""

    part: str
    whole: int
    eight: int


class Compiling(Noun, frozen=True, kw_only=True):
    """Whether a small block was compiled for a device. `why_not`: one sentence, "" = it was."""

    device: str
    why_not: str = ""


class Precision(Noun, frozen=True, kw_only=True):
    """What is drawn in. `gain`: how many times as fast bfloat16 is multiplied; 1 = not asked, it is no fp32 on a CPU."""

    device: str
    dtype: str
    gain: float = 1.0


class Need(Noun, frozen=True, kw_only=True):
    """Bytes. `step`: of one picture's forward beside the weights; 0 = not counted for this family.

    `times` as many must be free for it, with what kernels take for themselves.
    `free`: 0 = this system does not say.  `device`: torch's word for its type.
    """

    weights: tuple[Weights, ...]
    step: int
    times: int
    free: int
    device: str
