"""The bot among people: its token, its line, its workers, what it says and what it refuses."""

from typing import Annotated

import msgspec

from bot.layers import Folder
from bot.sections.shapes import Count, Guarded, Natural, Seconds, Section


class DiscordSettings(Guarded, frozen=True):
    """Who the bot is. The token is a secret: it stands in the environment or in a file of its own."""

    token: str = ""
    token_file: Folder = ""
    api: str = ""
    shards: Natural = 0


class DatabaseSettings(Section, frozen=True):
    """Where the line of jobs is kept."""

    url: str = ""


class LineSettings(Section, frozen=True):
    """Who waits for whom, and how long."""

    running: Count = 1
    waiting: Natural = 3
    attempts: Count = 2
    lease_seconds: Seconds = 30.0
    beat_seconds: Seconds = 5.0
    stall_seconds: Seconds = 300.0
    no_worker_hours: Seconds = 2.0
    retention_days: Count = 90
    restore_hours: Seconds = 24.0


class DeliverySettings(Section, frozen=True):
    """What Discord allows; tests shorten it on both sides."""

    acknowledge_seconds: Seconds = 3.0
    token_seconds: Seconds = 900.0
    token_margin_seconds: Seconds = 60.0
    nonce_seconds: Seconds = 120.0
    old_message_seconds: Seconds = 3600.0
    edit_seconds: Seconds = 3.0
    ping_after_seconds: Seconds = 60.0
    drain_seconds: Seconds = 25.0
    most_file_mib: Count = 10

    @property
    def most_file(self) -> int:
        """Bytes that one file may have."""
        return self.most_file_mib * 2**20


class WorkerSettings(Section, frozen=True):
    """The processes that plan and draw."""

    drawers: Count = 1
    devices: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    idle_minutes: Seconds = 30.0
    restart_seconds: Seconds = 1.0
    pause_seconds: Seconds = 5.0


class CheckingSettings(Section, frozen=True):
    """Whether adapters are checked by drawing while nobody wants anything."""

    idle: bool = False
    after_seconds: Seconds = 60.0


class LearningSettings(Section, frozen=True):
    """Whether what people like changes what is chosen for them."""

    on: bool = True
    share: bool = False
    reveal_after: Count = 10


class HealthSettings(Section, frozen=True):
    """The port for probes and Prometheus, on loopback."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9464


class TextSettings(Section, frozen=True):
    """What people read."""

    locale: str = ""


class SafetySettings(Section, frozen=True):
    """The floor of safety; it can be raised, never lowered."""

    words: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()
