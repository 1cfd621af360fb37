"""`python -m miniature.train`: everything in miniature/data from nothing: tokeniser, autoencoder, denoiser, judge, CLIP, adapters, the few-step adapter.

A stage whose result is there is kept with `--resume`; a killed training goes on from its last saved state.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import strftime

from miniature import judge
from miniature.training import adapters, clip, denoiser, few_steps, shelf, tokenizer, vae

DATA = Path(__file__).parent / "data"
CACHE = Path.home() / ".cache" / "stylus-miniature"


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for."""

    only: tuple[str, ...]
    resume: bool
    quick: bool
    cache: Path
    data: Path
    named: tuple[str, ...]

    @property
    def places(self) -> adapters.Places:
        """Where the adapters' training reads and writes."""
        return adapters.Places(self.cache, self.data / "checkpoint", self.data / "adapters")


def learn_words(order: Order) -> None:
    """The tokeniser, into the cache."""
    if not (order.resume and (order.cache / "tokenizer" / "vocab.json").exists()):
        tokenizer.train(order.cache / "tokenizer", captions=300 if order.quick else 6000)


def learn_pictures(order: Order) -> None:
    """The autoencoder, into the cache."""
    settings = vae.VaeRun(pictures=64, steps=4) if order.quick else vae.VaeRun()
    vae.train(settings, order.cache, order.resume)


def learn_world(order: Order) -> None:
    """Text encoder and denoiser; the whole checkpoint goes to the data folder."""
    short = denoiser.DenoiserRun(pictures=64, steps=4, batch=8)
    settings = short if order.quick else denoiser.DenoiserRun()
    denoiser.train(settings, order.cache, order.places.checkpoint, order.resume)


def learn_to_judge(order: Order) -> None:
    """The judge, which also sees pictures as the autoencoder gives them back."""
    if order.quick or (order.resume and (order.data / judge.FILE).exists()):
        return
    judge.train_judge(order.data, order.cache, redraw=vae.redraw(order.cache))


def learn_to_tell(order: Order) -> None:
    """The small CLIP, from the checkpoint's tokeniser and autoencoder."""
    short = clip.ClipRun(pictures=16, steps=2, batch=8, examined=100)
    settings = short if order.quick else clip.ClipRun()
    checkpoint, out = order.places.checkpoint, order.data / "clip"
    if not order.resume:
        (order.cache / "clip.pt").unlink(missing_ok=True)
    elif (out / "model.safetensors").exists():
        return
    words = checkpoint / "tokenizer"
    clip.train(settings, words, order.cache, out, vae.redraw(checkpoint))


def learn_adapters(order: Order) -> None:
    """The shelf of adapters, or those named."""
    specs = [s for s in shelf.SHELF if not order.named or s.name in order.named]
    quick = adapters.AdapterRun(pictures=8, batch=4, steps=2)
    settings = quick if order.quick else adapters.AdapterRun()
    adapters.train(specs[:4] if order.quick else specs, settings, order.places, order.resume)


def learn_to_hurry(order: Order) -> None:
    """The adapter that draws in four steps."""
    quick = few_steps.DistilRun(paths=8, batch=4, steps=2)
    settings = quick if order.quick else few_steps.DistilRun()
    few_steps.train(settings, order.places, order.resume)


STAGES: dict[str, Callable[[Order], None]] = {
    "tokenizer": learn_words,
    "vae": learn_pictures,
    "denoiser": learn_world,
    "judge": learn_to_judge,
    "clip": learn_to_tell,
    "adapters": learn_adapters,
    "faster": learn_to_hurry,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains the stages that were asked for, in their order."""
    order = _order(arguments)
    for name, learn in STAGES.items():
        if name in order.only:
            print(f"{strftime('%H:%M:%S')} {name}", flush=True)
            learn(order)


def _order(arguments: Sequence[str] | None) -> Order:
    parser = argparse.ArgumentParser(prog="python -m miniature.train", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=list(STAGES), default=list(STAGES), help="these stages"
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep what is finished, go on with what is not"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few steps of everything, to see that it runs"
    )
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="drawn pictures and saved states (%(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="where the trained files go (%(default)s)"
    )
    parser.add_argument(
        "--adapters", nargs="+", default=[], metavar="NAME", help="these adapters of the shelf"
    )
    given = parser.parse_args(arguments)
    if given.quick and given.data == DATA:
        parser.error("--quick makes useless weights: give it another --data and --cache")
    unknown = set(given.adapters) - {spec.name for spec in shelf.SHELF}
    if unknown:
        parser.error(f"the shelf has no {', '.join(sorted(unknown))}")
    return Order(
        tuple(given.only), given.resume, given.quick, given.cache, given.data, tuple(given.adapters)
    )


if __name__ == "__main__":
    sys.exit(main())
