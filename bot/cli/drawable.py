"""What `stylus doctor` says of drawing on this machine: memory, precision, the compiler."""

from collections.abc import Iterator

from bot.cli import memory
from bot.cli.engine import Engine
from bot.cli.finding import Finding
from bot.sections import AUTO
from bot.settings import Settings
from stylus_engine.errors import BadCheckpoint, StylusError

WORTH = 1.5  # times as fast in half precision, and a step is noticeably shorter


def of_drawing(engine: Engine, settings: Settings) -> Iterator[Finding]:
    """Whether a grid fits, and what it is drawn in."""
    yield from _memory(engine, settings)
    yield from _precision(engine, large=bool(settings.checkpoints.folders))


def _memory(engine: Engine, settings: Settings) -> Iterator[Finding]:
    """Of a grid with the default checkpoint; a broken one has a line of its own."""
    sampling, drawing = settings.sampling, settings.drawing
    try:
        found = engine.checkpoints.find("")
        need = engine.needs(None if drawing.guidance == AUTO else drawing.guidance)
    except BadCheckpoint:
        return
    except StylusError as error:
        yield Finding(
            what="memory", state="note", says=str(error), mend="stylus --set sampling.device=cpu …"
        )
        return
    way, size = memory.way_of(sampling, drawing.count), f"{found.size} × {found.size}"
    says = memory.told(need, way, size, sampling.memory_mib)
    if memory.fits(need, way, sampling.memory_mib):
        yield Finding(what="memory", state="good", says=says)
        return
    helps = memory.helping(need, sampling, drawing)
    flags = " ".join(f"--set sampling.{key}={value}" for key, value in helps.items())
    mend = f"stylus {flags} …, or set it in config.toml" if helps else ""
    none = "" if helps else ". No setting makes it fit: take a smaller checkpoint"
    yield Finding(what="memory", state="note", says=f"{says}: it may not fit{none}", mend=mend)


def _precision(engine: Engine, *, large: bool) -> Iterator[Finding]:
    """What `auto` came to. Some CPUs multiply half precision in no time, and nobody would guess so.

    `large`: there are checkpoints that gain by it; the miniature does not.
    """
    try:
        found = engine.precision(trying=large)
    except StylusError:  # the device is none: the line of memory says so
        return
    says = f"Pictures are drawn in {found.dtype} on the device {found.device}"
    if found.gain < WORTH:
        yield Finding(what="precision", state="good", says=says)
        return
    says = (
        f"{says}. This processor multiplies bfloat16 {found.gain:.1f} times as fast: networks of SD 1.5's"
        " size and larger ones draw sooner in it, in pictures that differ by rounding"
    )
    mend = "stylus --set sampling.dtype=bfloat16 …, or set it in config.toml"
    yield Finding(what="precision", state="note", says=says, mend=mend)


def of_compiling(engine: Engine) -> Iterator[Finding]:
    """Whether what torch compiles with is here; without it pictures are drawn all the same."""
    try:
        found = engine.compiling()
    except StylusError:  # the device is none: the line of memory says so
        return
    if not found.why_not:
        says = f"torch.compile works on the device {found.device}: a small block was compiled"
        yield Finding(what="compiling", state="good", says=says)
        return
    says = f"torch.compile does not work on the device {found.device}, so pictures are drawn without it: {found.why_not}"
    needs = "a C++ compiler" if found.device == "cpu" else "triton and a C compiler"
    mend = f"install {needs}, or stylus --set sampling.compile=none …"
    yield Finding(what="compiling", state="note", says=says, mend=mend)
