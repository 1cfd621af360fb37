"""The people and the servers of a load: many small servers, as one bot's fleet really is."""

import json
from dataclasses import dataclass
from pathlib import Path

FIRST_CHANNEL = 300_000_000_000_000_001  # as the playground numbers them
PER_CHANNEL = 5
CHANNELS_PER_SERVER = 2


@dataclass(frozen=True, slots=True)
class Town:
    """`people` users, five to a channel, two channels to a server."""

    people: int

    @property
    def channels(self) -> int:
        return -(-self.people // PER_CHANNEL)

    @property
    def servers(self) -> int:
        return -(-self.channels // CHANNELS_PER_SERVER)

    def name(self, person: int) -> str:
        return f"p{person:03}"

    def channel(self, person: int) -> int:
        """The id of the channel where this person writes."""
        return FIRST_CHANNEL + person // PER_CHANNEL

    def write(self, folder: Path) -> Path:
        """The guild file that the playground reads at its start."""
        people = [{"username": self.name(n), "global_name": None} for n in range(self.people)]
        path = folder / "town.json"
        whole = {"users": people, "guilds": [self._server(n) for n in range(self.servers)]}
        path.write_text(json.dumps(whole), encoding="utf-8")
        return path

    def _server(self, number: int) -> dict[str, object]:
        first = number * CHANNELS_PER_SERVER
        there = range(first, min(first + CHANNELS_PER_SERVER, self.channels))
        return {"name": f"Server {number}", "channels": [{"name": f"room-{n}"} for n in there]}
