"""Checkpoints, read without torch: folders in the diffusers layout, and single files."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from stylus_engine.catalog.bases import SIZES_OF_SD
from stylus_engine.catalog.digests import Digests
from stylus_engine.catalog.singles import SIZES, family_of_file, reads_guidance
from stylus_engine.errors import BadCheckpoint, UnknownName
from stylus_engine.model import Checkpoint

USUAL_SCALE = 8  # pixels per latent cell of every released VAE
PATCH = 2  # latents on the edge of a transformer's token
TRANSFORMERS = {
    "Flux2": "flux2",
    "Flux": "flux1",
    "StableDiffusion3": "sd3",
    "ZImage": "z-image",
}  # start of the pipeline's class -> family
KEPT = (".safetensors", ".json", ".txt", ".model")
_Shape = TypeVar("_Shape")
_Blocks: TypeAlias = Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=10)]


class _Pipeline(msgspec.Struct):
    """model_index.json; the parts it names are folders beside it."""

    class_name: str = msgspec.field(name="_class_name")


class _Unet(msgspec.Struct):
    """unet/config.json, as far as it decides family and shape."""

    cross_attention_dim: int
    sample_size: Annotated[int, msgspec.Meta(ge=1)]
    block_out_channels: _Blocks


class _Transformer(msgspec.Struct):
    """transformer/config.json, as far as it decides the shape."""

    in_channels: int
    sample_size: Annotated[int, msgspec.Meta(ge=1)] = 128
    guidance_embeds: bool = False  # FLUX.1: *dev* reads its guidance, *schnell* none


class _Vae(msgspec.Struct):
    """vae/config.json: each block but the last halves the picture."""

    block_out_channels: _Blocks


class LocalCheckpoints:
    """The folders this installation may draw with, by name. Implements `Checkpoints`.

    `digests` remembers the hashes of weights; give it a cache file and a checkpoint
    of many gigabytes is hashed once in its life.
    """

    def __init__(
        self, folders: Mapping[str, Path], default: str, digests: Digests | None = None
    ) -> None:
        self._folders = dict(folders)
        self._default = default
        self._digests = digests or Digests()

    def find(self, name: str) -> Checkpoint:
        """By name or id, "" = the default. Raises `UnknownName`, `BadCheckpoint`."""
        wanted = name or self._default
        if wanted in self._folders:
            return self._read(wanted)
        for known in self._folders:
            found = self._readable(known)
            if found is not None and found.id == wanted:
                return found
        known = f"Known: {', '.join(sorted(self._folders))}." if self._folders else ""
        raise UnknownName(kind="checkpoint", name=wanted[:80], known=known)

    def _readable(self, name: str) -> Checkpoint | None:
        """A broken folder must not hide the one that was asked for by id."""
        try:
            return self._read(name)
        except BadCheckpoint:
            return None

    def _read(self, name: str) -> Checkpoint:
        folder = self._folders[name]
        if folder.is_file():
            return self._single(name, folder)
        return self._folder(name, folder)

    def _folder(self, name: str, folder: Path, *, whole: bool = True) -> Checkpoint:
        """A pipeline's folder; not `whole`: without its denoiser's weights, and without an id."""
        pipeline = _config(folder, "model_index.json", _Pipeline)
        vae = _config(folder, "vae/config.json", _Vae)
        scale = 2 ** (len(vae.block_out_channels) - 1)
        family, size, multiple = _shape(folder, pipeline.class_name, scale)
        denoiser = "transformer" if family in TRANSFORMERS.values() else "unet"
        return Checkpoint(
            id=self._id(folder, denoiser) if whole else "",
            name=name,
            path=str(folder),
            family=family,
            size=size,
            multiple=multiple,
            guided=family != "flux1" or _transformer(folder).guidance_embeds,
        )

    def _single(self, name: str, path: Path) -> Checkpoint:
        """One file is its own id's only line; renamed, it is the same checkpoint."""
        family = family_of_file(path)
        if family in TRANSFORMERS.values():
            return self._beside(name, path, family)
        return Checkpoint(
            id=self._hashed(path, [("", path)]),
            name=name,
            path=str(path),
            family=family,
            size=SIZES[family],
            multiple=USUAL_SCALE,
        )

    def _beside(self, name: str, path: Path, family: str) -> Checkpoint:
        """A transformer in one file; all else is the folder's that it lies in, and part of its id."""
        rest = self._folder(name, path.parent, whole=False)
        if rest.family != family:
            why = f"it is a transformer of {family}, its folder is of the family {rest.family}"
            raise BadCheckpoint(path=str(path), why=why)
        parts = [
            each for each in _parts(path.parent, "") if not each.match("transformer/*.safetensors")
        ]
        named = [("", path), *((each.relative_to(path.parent).as_posix(), each) for each in parts)]
        return msgspec.structs.replace(
            rest,
            id=self._hashed(path, named),
            path=str(path),
            guided=family != "flux1" or reads_guidance(path),
        )

    def _id(self, folder: Path, denoiser: str) -> str:
        parts = _parts(folder, denoiser)
        return self._hashed(folder, [(each.relative_to(folder).as_posix(), each) for each in parts])

    def _hashed(self, place: Path, named: Sequence[tuple[str, Path]]) -> str:
        """sha256 over the lines of relative path and sha256, in the order given."""
        whole = hashlib.sha256()
        try:
            for part, path in named:
                whole.update(f"{part}\0{self._digests.sha256(path)}\n".encode())
        except OSError as error:
            raise BadCheckpoint(path=str(place), why=str(error)) from error
        self._digests.keep()
        return whole.hexdigest()


def _shape(folder: Path, class_name: str, scale: int) -> tuple[str, int, int]:
    """Family, usual edge in pixels, and what edges must be multiples of. Raises `BadCheckpoint`."""
    if any(class_name.startswith(name) for name in TRANSFORMERS):
        transformer = _transformer(folder)
        family = next(TRANSFORMERS[name] for name in TRANSFORMERS if class_name.startswith(name))
        return family, transformer.sample_size * scale, PATCH * scale
    unet = _config(folder, "unet/config.json", _Unet)
    family = _family(class_name, unet.cross_attention_dim)
    return family, unet.sample_size * scale, _multiple(scale, len(unet.block_out_channels))


def _transformer(folder: Path) -> _Transformer:
    return _config(folder, "transformer/config.json", _Transformer)


def _family(class_name: str, width: int) -> str:
    """Which adapters fit. Released SD 1.x and 2.x differ in the width of their text encoders."""
    if class_name.startswith("StableDiffusionXL"):
        return "sdxl"
    return SIZES_OF_SD.get(width, f"sd1-{width}")


def _multiple(scale: int, levels: int) -> int:
    """Pixels that width and height must be multiples of.

    diffusers pads odd latents for the released ×8 VAEs and asks for multiples of 8;
    for other scales every level of the UNet gets whole cells.
    """
    return USUAL_SCALE if scale == USUAL_SCALE else scale * 2 ** (levels - 1)


def _config(folder: Path, part: str, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode((folder / part).read_bytes(), type=shape)
    except OSError as error:
        raise BadCheckpoint(path=str(folder), why=f"{part} is missing") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadCheckpoint(path=str(folder), why=f"{part}: {error}") from error
    except RecursionError as error:
        raise BadCheckpoint(path=str(folder), why=f"{part} is nested absurdly deep") from error


def _parts(folder: Path, denoiser: str) -> list[Path]:
    """Weights and configs of every component, sorted. Raises `BadCheckpoint` when weights are missing."""
    found = sorted(
        path
        for path in (folder / "model_index.json", *folder.glob("*/*"))
        if path.suffix in KEPT and not path.parent.name.startswith(".")
    )
    for part in filter(None, (denoiser, "vae", "text_encoder")):
        _has_weights(folder, part, found)
    return found


def _has_weights(folder: Path, part: str, found: list[Path]) -> None:
    mine = [path for path in found if path.parent == folder / part]
    if not any(path.suffix == ".safetensors" for path in mine):
        raise BadCheckpoint(path=str(folder), why=f"{part} holds no safetensors weights")
