"""Another address than Discord's own: loopback and nothing else, and given back."""

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.address import origin_of, pointed_at
from stylus_engine.errors import BadSettings


@pytest.mark.parametrize("api", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:99"])
def test_this_machine_is_taken(api: str):
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    with pointed_at(api):
        assert Route("GET", "/users/@me").url == f"{api}/api/v10/users/@me"
        assert str(DiscordWebSocket.DEFAULT_GATEWAY) == f"ws{api.removeprefix('http')}/gw/"
    assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.mark.parametrize(
    "api",
    [
        "http://discord.example",
        "https://127.0.0.1:8080",
        "http://127.0.0.1@evil.example",
        "http://evil@127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "nonsense",
    ],
)
def test_anything_else_is_refused(api: str):
    with pytest.raises(BadSettings, match=r"discord\.api"):
        origin_of(api)
    with pytest.raises(BadSettings), pointed_at(api):
        pass


def test_empty_is_discord_itself():
    with pointed_at(""):
        assert Route.BASE.startswith("https://discord.com/")
