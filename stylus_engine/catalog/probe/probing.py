"""A header becomes what the file is. The rules stand in `kinds`, `layouts`, `families`, `words`."""

from pathlib import Path

from stylus_engine.catalog import clean
from stylus_engine.catalog.nouns import Probed
from stylus_engine.catalog.probe import told as said
from stylus_engine.catalog.probe import words
from stylus_engine.catalog.probe.families import family_of, family_of_embedding
from stylus_engine.catalog.probe.header import Header, of_bytes, read_header
from stylus_engine.catalog.probe.keys import Keys, keys_of
from stylus_engine.catalog.probe.kinds import kind_of, refusal
from stylus_engine.catalog.probe.layouts import layout_of


def probe(path: Path, name: str = "") -> Probed:
    """What the file at `path` is, by its header alone. Raises like `read_header`."""
    return judged(read_header(path, name))


def probe_header(header: bytes, size: int, name: str = "") -> Probed:
    """The same by the first bytes of a file of `size` bytes, as fetched by Range.

    `needed` tells how many they must be.  Raises like `read_header`.
    """
    return judged(of_bytes(header, size, clean.line(name, clean.NAME) or "?"))


def judged(header: Header) -> Probed:
    """All that a header tells."""
    keys = keys_of(header)
    kind = kind_of(keys)
    family = _family(header, keys, kind)
    counts = said.frequencies(header.told)
    tags = words.tags_of(counts, header.told)
    return Probed(
        kind=kind,
        layout=layout_of(keys, kind),
        family=family,
        base=said.base_of(header.told, counts) if family == "sdxl" else "",
        rank=keys.rank,
        alpha=said.alpha_of(header.told),
        text_encoder=keys.text_encoder,
        tensors=len(header.tensors),
        bytes_read=header.bytes_read,
        title=said.text_of(header.told, "modelspec.title", clean.NAME),
        description=said.text_of(header.told, "modelspec.description", clean.DESCRIPTION),
        author=said.text_of(header.told, "modelspec.author", clean.AUTHOR),
        licence=said.text_of(header.told, "modelspec.license", clean.LICENCE),
        triggers=words.triggers_of(counts, header.told),
        tags=tags,
        trained=said.trained(header.told) | _dims(header, kind),
        refused=refusal(keys, kind),
    )


def _family(header: Header, keys: Keys, kind: str) -> str | None:
    if kind == "embedding":
        return family_of_embedding(header.tensors)
    return family_of(keys, header.told)


def _dims(header: Header, kind: str) -> dict[str, str]:
    """How many vectors a textual inversion has, and how wide they are."""
    if kind != "embedding":
        return {}
    shapes = [entry.shape for entry in header.tensors.values() if entry.shape]
    vectors = max((shape[0] if len(shape) > 1 else 1 for shape in shapes), default=0)
    return {"vectors": str(vectors), "width": " + ".join(str(shape[-1]) for shape in shapes)}
