"""What can be set at the start; lifetimes are short in tests and real in a demonstration."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Seconds are seconds, sizes are bytes."""

    port: int = 0
    token: str = ""  # empty: made up at the start
    openapi: Path | None = None
    guild_file: Path | None = None
    with_parent: bool = False
    ack_seconds: float = 3.0
    token_seconds: float = 900.0
    nonce_seconds: float = 180.0
    cdn_seconds: float = 86_400.0
    shards: int = 1  # what GET /gateway/bot recommends
    guilds_per_shard: int = 2500
    heartbeat_seconds: float = 41.25
    identify_seconds: float = 5.0
    resume_seconds: float = 180.0
    privileged: bool = False  # whether the portal's switches for privileged intents are on
    bucket_calls: int = 5
    bucket_seconds: float = 5.0
    global_calls: int = 50
    upload_limit: int = 10 * MEBIBYTE
    request_limit: int = 25 * MEBIBYTE
    old_edits: int = 5  # edits of one message older than an hour, per minute


def parse(arguments: Sequence[str]) -> Settings:
    """Flags are the fields' names with dashes. Exits with a sentence on nonsense."""
    parser = ArgumentParser(prog="python -m playground", description=__doc__)
    for field in fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=_reader(field.type), default=field.default)
    return Settings(**vars(parser.parse_args(arguments)))


def _reader(kind: object) -> type:
    return kind if isinstance(kind, type) else Path
