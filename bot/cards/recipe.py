"""The whole recipe of a job as a file: for people who want to draw it again, or to know why."""

import json

import msgspec

from bot.jobs.nouns import Job, Position
from stylus_engine.model import Manifest

OURS = frozenset({"path", "previews", "origin", "owner", "token"})  # this machine's, and secrets
KEPT = (
    "id", "root", "source", "action", "round", "request", "plan", "order", "total", "attempts",
    "error", "sentence",
)  # fmt: skip


def of_job(job: Job, positions: tuple[Position, ...]) -> bytes:
    """JSON of request, plan and pictures; no path of this machine, nothing that opens a door."""
    told = msgspec.to_builtins(job)
    whole = {name: told[name] for name in KEPT} | {"pictures": msgspec.to_builtins(positions)}
    return _json(whole)


def of_manifest(manifest: Manifest) -> bytes:
    """JSON of what one picture says of itself."""
    return _json(msgspec.to_builtins(manifest))


def _json(whole: object) -> bytes:
    plain = json.loads(msgspec.json.encode(whole), object_pairs_hook=_public)
    return msgspec.json.format(msgspec.json.encode(plain), indent=1)


def _public(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Asked for every object in the tree, the innermost first."""
    return {name: value for name, value in pairs if name not in OURS}
