"""The settings: one frozen object, made once, handed on.

    default < config.toml < environment (STYLUS_SECTION__KEY) < flag (--set section.key=value)

The file is the one named by `--config`, else by STYLUS_CONFIG, else ./config.toml
where there is one.  `config.example.toml` explains every key; a test compares the
two both ways.  Relative paths in a file are relative to that file.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from bot import layers
from bot.sections import (
    AUTO,
    CardSettings,
    CatalogSettings,
    CheckingSettings,
    CheckpointSettings,
    ComposerSettings,
    DatabaseSettings,
    DeliverySettings,
    DiscordSettings,
    DrawingSettings,
    EmbedderSettings,
    HealthSettings,
    LearningSettings,
    LineSettings,
    Paths,
    RefinerSettings,
    RerankerSettings,
    SafetySettings,
    SamplingSettings,
    Section,
    SelectionSettings,
    StoreSettings,
    TextSettings,
    WorkerSettings,
)
from stylus_engine.errors import BadSettings
from stylus_engine.model import LIMITS, PRESETS, SAMPLERS
from stylus_engine.planning.executors import kept_by, refusal, uncompilable, unfit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DATA = "paths.data"
SECRETS = (  # section and key; each may stand in a file of its own, `…_file`, instead
    ("discord", "token"),
    ("catalog", "civitai_token"),
    ("catalog", "huggingface_token"),
    ("refiner", "api_key"),
    ("composer", "api_key"),
    ("embedder", "api_key"),
    ("reranker", "api_key"),
)


class Settings(Section, frozen=True):
    """Everything that can be set."""

    paths: Paths = Paths()
    checkpoints: CheckpointSettings = CheckpointSettings()
    cards: CardSettings = CardSettings()
    catalog: CatalogSettings = CatalogSettings()
    store: StoreSettings = StoreSettings()
    refiner: RefinerSettings = RefinerSettings()
    composer: ComposerSettings = ComposerSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    reranker: RerankerSettings = RerankerSettings()
    sampling: SamplingSettings = SamplingSettings()
    drawing: DrawingSettings = DrawingSettings()
    selection: SelectionSettings = SelectionSettings()
    discord: DiscordSettings = DiscordSettings()
    database: DatabaseSettings = DatabaseSettings()
    line: LineSettings = LineSettings()
    delivery: DeliverySettings = DeliverySettings()
    workers: WorkerSettings = WorkerSettings()
    checking: CheckingSettings = CheckingSettings()
    learning: LearningSettings = LearningSettings()
    health: HealthSettings = HealthSettings()
    texts: TextSettings = TextSettings()
    safety: SafetySettings = SafetySettings()


def load(
    config: Path | None,
    environment: Mapping[str, str],
    flags: Sequence[str] = (),
    *,
    unwritten: bool = False,
) -> Settings:
    """Lay the layers over each other and check the whole. Raises `BadSettings`.

    `unwritten`: a file that is named need not be there yet.
    """
    file = config_file(config, environment)
    read = file is not None and (file.exists() or not unwritten)
    above = [
        *([layers.from_file(file)] if file and read else []),
        layers.from_environment(Settings, environment),
        layers.from_flags(Settings, flags),
    ]
    settings = layers.stack(Settings, above)
    _check(settings)
    data = settings.paths.data or str(usual_folder(environment))
    paths = msgspec.structs.replace(settings.paths, data=data)
    return msgspec.structs.replace(settings, paths=paths)


def config_file(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Which file is read: named ones must exist, the one in this folder may."""
    if config is not None:
        return config
    if environment.get("STYLUS_CONFIG"):
        return layers.opened(environment["STYLUS_CONFIG"], "STYLUS_CONFIG")
    here = Path("config.toml")
    return here if here.is_file() else None


def usual_folder(environment: Mapping[str, str]) -> Path:
    """Where this platform keeps a program's data. A relative XDG value is invalid by its own rules.

    Raises `BadSettings` for somebody without a home.
    """
    if sys.platform == "win32":
        return layers.opened(environment.get("LOCALAPPDATA", "~/AppData/Local"), DATA) / "Stylus"
    if sys.platform == "darwin":
        return layers.opened("~/Library/Application Support/Stylus", DATA)
    named = Path(environment.get("XDG_DATA_HOME", ""))
    base = named if named.is_absolute() else layers.opened("~/.local/share", DATA)
    return base / "stylus"


def _check(settings: Settings) -> None:
    """What types cannot say: names that must exist, numbers that must fit each other."""
    drawing, sampling = settings.drawing, settings.sampling
    _one_of("drawing.sampler", drawing.sampler, (AUTO, *SAMPLERS))
    _one_of("selection.preset", settings.selection.preset, PRESETS)
    _one_of("checkpoints.default", settings.checkpoints.default, settings.checkpoints.by_name)
    _at_most("drawing.count", drawing.count, "drawing.most_count", drawing.most_count)
    _pace(drawing)
    _at_most("drawing.most_count", drawing.most_count, "the limit", LIMITS.count)
    _at_most("drawing.most_steps", drawing.most_steps, "the limit", LIMITS.steps)
    _at_most("drawing.most_edge", drawing.most_edge, "the limit", LIMITS.edge)
    _at_most("selection.strength", settings.selection.strength, "the limit", LIMITS.strength)
    room = sampling.slots + sampling.waiting
    _at_most("drawing.most_count", drawing.most_count, "sampling.slots + sampling.waiting", room)
    _device(sampling)
    _looked_at(settings)
    _secrets(settings)
    _discord(settings.discord)
    _catalog(settings)
    _models(settings)
    _bot(settings)
    _language(settings.texts.locale)


def _pace(drawing: DrawingSettings) -> None:
    """Numbers that are set stay within the limits; what is left to the checkpoint is kept there by planning."""
    if drawing.steps != AUTO:
        _at_most("drawing.steps", drawing.steps, "drawing.most_steps", drawing.most_steps)
    if drawing.guidance != AUTO:
        _at_most("drawing.guidance", drawing.guidance, "the limit", LIMITS.guidance)


def _looked_at(settings: Settings) -> None:
    """The miniature's CLIP has seen nothing but the miniature."""
    drawing, default = settings.drawing, settings.checkpoints.default
    if drawing.check and not drawing.scorer and default != "miniature":
        why = f"drawing.check looks at pictures of {default}; name the folder of a CLIP"
        raise BadSettings(where="drawing.scorer", why=why)
    if drawing.check and drawing.scorer and not Path(drawing.scorer).is_dir():
        raise BadSettings(where="drawing.scorer", why="there is no such folder")


def _secrets(settings: Settings) -> None:
    """One place for each secret."""
    for name, secret in SECRETS:
        section = getattr(settings, name)
        if getattr(section, secret) and getattr(section, f"{secret}_file"):
            why = f"{name}.{secret} is set too; keep one of the two"
            raise BadSettings(where=f"{name}.{secret}_file", why=why)


def _catalog(settings: Settings) -> None:
    """A kind of embedder needs its model, and tokens go over https or stay on this machine."""
    embedder, catalog = settings.embedder, settings.catalog
    if embedder.kind != "local" and not embedder.model:
        raise BadSettings(where="embedder.model", why=f"the kind {embedder.kind} needs one")
    if embedder.kind == "remote" and not embedder.dimensions:
        raise BadSettings(where="embedder.dimensions", why="the kind remote needs a number")
    for name in ("civitai_url", "huggingface_url"):
        _plain_address(f"catalog.{name}", getattr(catalog, name), loopback=catalog.allow_loopback)


def _models(settings: Settings) -> None:
    """A server has a model to ask for, and who asks a model names one."""
    servers = {
        "refiner": settings.refiner,
        "composer": settings.composer,
        "reranker": settings.reranker,
    }
    for name, server in [*servers.items(), ("embedder", settings.embedder)]:
        _server(f"{name}.base_url", server.base_url)
    for name, server in servers.items():
        if server.base_url and not server.model:
            why = f"{name}.base_url is set; name its model"
            raise BadSettings(where=f"{name}.model", why=why)
    if settings.selection.preset == "paper" and not settings.composer.model:
        why = "paper asks a language model; set composer.model, or choose paper-rules"
        raise BadSettings(where="selection.preset", why=why)


def _server(where: str, url: str) -> None:
    parts = _split(where, url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        why = "it must be an address like http://127.0.0.1:11434/v1"
        raise BadSettings(where=where, why=why)


def _plain_address(where: str, url: str, *, loopback: bool) -> None:
    parts = _split(where, url)
    ours = loopback and parts.scheme == "http" and parts.hostname in LOOPBACK
    if not ours and (parts.scheme != "https" or not parts.hostname):
        raise BadSettings(where=where, why="it must be an https address")


def _split(where: str, url: str) -> SplitResult:
    """Raises `BadSettings` for brackets, letters and ports that no address has."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # only looked at when it is asked for
    except ValueError as error:
        raise BadSettings(where=where, why="it is no address") from error
    return parts


def _discord(discord: DiscordSettings) -> None:
    """No other machine but Discord or this one."""
    if discord.api and _split("discord.api", discord.api).hostname not in LOOPBACK:
        why = "the token goes to Discord or, for the playground, to this machine; nowhere else"
        raise BadSettings(where="discord.api", why=why)


def _bot(settings: Settings) -> None:
    """Times that must leave room for each other, devices that must be as many as drawers."""
    line, delivery, workers = settings.line, settings.delivery, settings.workers
    _at_most("line.beat_seconds", line.beat_seconds * 2, "line.lease_seconds", line.lease_seconds)
    margin = delivery.token_margin_seconds
    _at_most("delivery.token_margin_seconds", margin, "the token's life", delivery.token_seconds)
    if workers.devices and len(workers.devices) != workers.drawers:
        why = f"{len(workers.devices)} devices are named for {workers.drawers} drawers"
        raise BadSettings(where="workers.devices", why=why)


def _language(locale: str) -> None:
    """One that there are words in, or a kind of it (`en-GB`)."""
    if not locale:
        return
    from bot.texts import Texts  # Fluent is loaded for those who name a language

    texts = Texts.load()
    if not texts.knows(locale):
        _one_of("texts.locale", locale, sorted(texts.catalogues))


def _one_of(where: str, name: str, known: Sequence[str] | Mapping[str, Path]) -> None:
    if name not in known:
        raise BadSettings(where=where, why=f"“{name}” is none of {', '.join(known)}")


def _at_most(where: str, value: float, other: str, most: float) -> None:
    if not value <= most:
        raise BadSettings(where=where, why=f"{value:g} is more than {other}, {most:g}")


def _device(sampling: SamplingSettings) -> None:
    family = sampling.device.partition(":")[0]
    _one_of("sampling.device", family, ("auto", "cpu", "cuda", "mps"))
    if family == "cpu" and sampling.dtype == "float16":
        why = "float16 cannot be drawn with on the device cpu; take float32 or bfloat16"
        raise BadSettings(where="sampling.dtype", why=why)
    if why := unfit(sampling.offload, sampling.quantised):
        raise BadSettings(where="sampling.quantised", why=why)
    kept = kept_by(sampling.offload, sampling.quantised)
    if why := refusal(sampling.executor, kept):
        raise BadSettings(where="sampling.executor", why=why)
    if why := uncompilable(sampling.compile, sampling.executor, kept):
        raise BadSettings(where="sampling.compile", why=why)
