"""The door of a worker process: `python -m bot.worker planner|drawer --fd N`.

The bot starts it with `--inherit`: its own settings come as JSON on stdin, so that both
go by the same ones and no secret stands on a command line.  By hand it reads them as
`stylus` does.  Nothing heavy is imported here before a question needs it.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot import safety
from bot.desks.drawing import DrawingDesk
from bot.desks.planning import PlanningDesk
from bot.secrets import secret
from bot.sections import MINIATURE
from bot.settings import Settings, load
from stylus_engine.workers.frames import Role
from stylus_engine.workers.serving import Desk, die_with_parent, outlive_signals, serve

if TYPE_CHECKING:
    from stylus_engine.assembly import Chooser, Describer, Embedding, House, Places, Reranking
    from stylus_engine.ports import Scorer

KINDER = 5  # niceness: on a small machine the conversation with people goes before drawing


class Arguments(argparse.Namespace):
    """What stands on the command line."""

    role: Role
    fd: int
    config: Path | None
    flags: list[str]
    device: str
    inherit: bool


def main(words: Sequence[str] | None = None) -> None:
    """Serve until the bot ends; then this process ends, whatever it is doing."""
    given = _arguments(words)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    _settle(given.role)
    settings = settings_of(given)
    asyncio.run(serve(given.fd, desk_of(given.role, settings), settings.line.beat_seconds))


def settings_of(given: Arguments) -> Settings:
    """The bot's own, or those of this machine. Raises `BadSettings`."""
    if given.inherit:
        settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    else:
        settings = load(given.config, dict(os.environ), given.flags)
    if not given.device:
        return settings
    sampling = msgspec.structs.replace(settings.sampling, device=given.device)
    return msgspec.structs.replace(settings, sampling=sampling)


def desk_of(role: Role, settings: Settings) -> Desk:
    """The desk of a role over the real engine."""
    house = open_house(settings)
    default = settings.checkpoints.default
    others = (name for name in settings.checkpoints.by_name if name != default)
    checkpoints = (default, *others)
    if role == "planner":
        place = settings.paths.place
        desk = PlanningDesk(house, place("cache") / "packed", checkpoints, place("pictures"))
        house.hear_named(desk.named)
        return desk
    return DrawingDesk(house, settings.sampling.slots, checkpoints)


def open_house(settings: Settings) -> "House":
    """The real engine, built as it is used. This function is why this module may import `assembly`."""
    from stylus_engine import assembly

    sampling, selection, place = settings.sampling, settings.selection, settings.paths.place
    return assembly.engine(
        assembly.Setup(
            checkpoints=settings.checkpoints.by_name,
            default_checkpoint=settings.checkpoints.default,
            cards=settings.cards.paths,
            shelves=tuple(Path(folder) for folder in settings.cards.folders),
            pictures=place("pictures"),
            index=place("index"),
            catalog=place("catalog"),
            cache=place("cache"),
            adapters=place("adapters"),
            weights=place("weights"),
            most_weights=int(settings.store.max_gb * 1e9),
            places=_places(settings),
            fit=partial(safety.fit, words=settings.safety.words),
            describer=_describer(settings),
            chooser=_chooser(settings),
            embedding=_embedding(settings),
            reranking=_reranking(settings),
            slots=sampling.slots,
            waiting=sampling.waiting,
            memory_mib=sampling.memory_mib,
            device=sampling.device,
            dtype=sampling.dtype,
            executor=sampling.executor,
            factor_cache_mib=sampling.factor_cache_mib,
            factor_disk_mib=sampling.factor_disk_mib,
            factor_device_mib=sampling.factor_device_mib,
            decode_mib=sampling.decode_mib,
            channels_last=sampling.channels_last,
            offload=sampling.offload,
            quantised=sampling.quantised,
            attention=sampling.attention,
            compile=sampling.compile,
            preview_every=sampling.preview_every,
            threads=sampling.threads,
            k=selection.k,
            task_budget=selection.task_budget,
            total_budget=selection.total_budget,
            heed_health=selection.health,
            null_space=selection.null_space,
            again=selection.again,
        ),
        partial(_scorer, settings) if settings.drawing.check else None,
    )


def _scorer(settings: Settings) -> "Scorer":
    """What looks at finished pictures; loads nothing before it is first asked."""
    if settings.drawing.scorer:
        from stylus_engine.evaluation.clip import LocalClip

        return LocalClip(Path(settings.drawing.scorer))
    from miniature.clip import ClipScorer

    return ClipScorer(MINIATURE / "clip")


def _places(settings: Settings) -> "Places":
    """Secrets are read when they are first needed: a lost key file stops nobody from drawing."""
    from stylus_engine.assembly import Places

    catalog = settings.catalog
    return Places(
        civitai=catalog.civitai_url,
        civitai_token=partial(secret, catalog, "civitai_token", "catalog"),
        hub=catalog.huggingface_url,
        hub_token=partial(secret, catalog, "huggingface_token", "catalog"),
        uri=catalog.uri,
        allow_enrichment=catalog.allow_enrichment,
        allow_loopback=catalog.allow_loopback,
    )


def _describer(settings: Settings) -> "Describer":
    from stylus_engine.assembly import Describer

    refiner = settings.refiner
    return Describer(
        base_url=refiner.base_url,
        model=refiner.model,
        key=partial(secret, refiner, "api_key", "refiner"),
        most_tokens=refiner.budget_tokens,
        most_money=refiner.budget_money,
        price_in=refiner.price_in,
        price_out=refiner.price_out,
        batch_price=refiner.batch_price,
        pictures=refiner.pictures,
        concurrency=refiner.concurrency,
        timeout=refiner.timeout_seconds,
    )


def _chooser(settings: Settings) -> "Chooser":
    from stylus_engine.assembly import Chooser

    composer = settings.composer
    return Chooser(
        base_url=composer.base_url,
        model=composer.model,
        key=partial(secret, composer, "api_key", "composer"),
        timeout=composer.timeout_seconds,
        self_check=composer.self_check,
        tokens_per_day=composer.budget_tokens_per_day,
    )


def _embedding(settings: Settings) -> "Embedding":
    from stylus_engine.assembly import Embedding

    embedder = settings.embedder
    return Embedding(
        kind=embedder.kind,
        folder=Path(embedder.folder) if embedder.folder else None,
        model=embedder.model,
        dimensions=embedder.dimensions,
        base_url=embedder.base_url,
        key=partial(secret, embedder, "api_key", "embedder"),
    )


def _reranking(settings: Settings) -> "Reranking":
    from stylus_engine.assembly import Reranking

    reranker = settings.reranker
    return Reranking(
        model=reranker.model,
        base_url=reranker.base_url,
        key=partial(secret, reranker, "api_key", "reranker"),
    )


def _arguments(words: Sequence[str] | None) -> Arguments:
    parser = argparse.ArgumentParser(prog="python -m bot.worker", description=__doc__)
    parser.add_argument("role", choices=("planner", "drawer"))
    parser.add_argument("--fd", type=int, required=True, help="the socket to the bot")
    parser.add_argument("--config", type=Path, help="the settings file, as for `stylus`")
    parser.add_argument(
        "--set", dest="flags", action="append", default=[], help="section.key=value"
    )
    parser.add_argument("--device", default="", help="over sampling.device")
    parser.add_argument("--inherit", action="store_true", help="settings as JSON on stdin")
    return parser.parse_args(words, namespace=Arguments())


def _settle(role: Role) -> None:
    """What this process is to the system around it."""
    die_with_parent()
    outlive_signals()
    _quiet_libraries()
    with suppress(OSError):
        os.nice(KINDER)
    with suppress(OSError):  # only Linux has it; it is what `top` shows
        Path("/proc/self/comm").write_text(f"stylus-{role}", encoding="ascii")


def _quiet_libraries() -> None:
    """Libraries keep their bars and advice to themselves, and ask no hub."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.getLogger("stamina").setLevel(logging.ERROR)  # who tried in vain says so in the end


if __name__ == "__main__":
    main()
