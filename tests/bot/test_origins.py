"""Who may see and do what, and where."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec

import discord
import pytest
from discord.app_commands import AppCommandContext

from bot import origins, rights
from bot.jobs.nouns import Job, Origin
from bot.refusals import Forbidden, JobGone, MissingRights
from bot.sections import SafetySettings
from bot.settings import Settings
from stylus_engine.model import Request

ADA, BEN, GUILD = 1, 2, 10


def job(*, private: bool = False) -> Job:
    origin = Origin(interaction=1, token="t", token_until=0.0, user=ADA, guild=GUILD, channel=3)  # noqa: S106 - it opens nothing
    return Job(
        id="J", root="J", source=None, action="imagine", index=None, state="posted",
        origin=origin, private=private, request=Request(prompt="x"), made_at=0.0,
    )  # fmt: skip


def heard(user: int, *, guild: int = GUILD, permissions: int = 0, channel: object = None) -> Any:
    return SimpleNamespace(
        user=SimpleNamespace(id=user), guild_id=guild, channel_id=3, channel=channel,
        permissions=SimpleNamespace(value=permissions),
        app_permissions=SimpleNamespace(value=permissions),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("private", "user", "guild", "seen"),
    [
        (False, ADA, GUILD, True),
        (False, BEN, GUILD, True),
        (False, BEN, 11, False),
        (False, ADA, 11, True),
        (True, ADA, GUILD, True),
        (True, BEN, GUILD, False),
    ],
)
def test_who_sees_a_job(private: bool, user: int, guild: int, seen: bool):
    if seen:
        assert origins.visible(job(private=private), heard(user, guild=guild), "J").id == "J"
        return
    with pytest.raises(JobGone):
        origins.visible(job(private=private), heard(user, guild=guild), "J")


@pytest.mark.parametrize(
    ("where", "member", "roads"),
    [
        ({"guild": True}, True, True),
        ({"guild": True}, False, False),  # installed by a person, where the bot is no member
        ({"dm_channel": True}, False, True),  # nobody is a member of a conversation of two
        ({"private_channel": True}, False, False),  # of other people's
    ],
)
def test_where_the_bot_can_write_without_a_token(where: dict[str, bool], member: bool, roads: bool):
    interaction = heard(ADA)
    interaction.id, interaction.token = 7, "t"
    interaction.user.display_name = "Ada"
    interaction.locale = interaction.guild_locale = "en-US"
    interaction.context = AppCommandContext(**where)
    interaction.is_guild_integration = lambda: member
    made = origins.origin(interaction, Settings(), 0.0)
    assert made.roads_beside_token is roads


def test_a_job_that_never_was_reads_like_one_that_is_hidden():
    with pytest.raises(JobGone) as refusal:
        origins.visible(None, heard(ADA), "J")
    assert refusal.value.job == "J"


MODERATES = rights.MANAGE_MESSAGES.bit


@pytest.mark.parametrize(
    ("private", "user", "permissions", "may"),
    [
        (False, ADA, 0, True),
        (False, BEN, 0, False),
        (False, BEN, MODERATES, True),
        (True, BEN, MODERATES, False),
        (True, ADA, 0, True),
    ],
)
def test_who_takes_something_away(private: bool, user: int, permissions: int, may: bool):
    if may:
        origins.require_say(job(private=private), heard(user, permissions=permissions))
        return
    with pytest.raises(Forbidden):
        origins.require_say(job(private=private), heard(user, permissions=permissions))


@pytest.mark.parametrize(
    ("user", "permissions", "may"),
    [
        (BEN, 0, False),
        (ADA, 0, True),
        (BEN, rights.MANAGE_GUILD.bit, True),
        (BEN, MODERATES, False),
    ],
)
def test_who_administers(user: int, permissions: int, may: bool):
    settings = Settings(safety=SafetySettings(owners=(ADA,)))
    assert origins.manages(heard(user, permissions=permissions), settings) is may


@pytest.mark.parametrize(
    ("owners", "guilds", "user", "may"),
    [
        ((), 1, BEN, True),
        ((), 2, BEN, False),
        ((ADA,), 1, BEN, False),
        ((ADA,), 2, ADA, True),
    ],
)
def test_who_stops_the_drawing_everywhere(
    owners: tuple[int, ...], guilds: int, user: int, may: bool
):
    interaction = heard(user, permissions=rights.MANAGE_GUILD.bit)
    interaction.client = SimpleNamespace(guilds=[None] * guilds)
    assert origins.stops(interaction, Settings(safety=SafetySettings(owners=owners))) is may


@pytest.mark.parametrize(("guild", "belongs"), [(None, GUILD), (11, 11)])
def test_a_press_in_a_direct_message_belongs_to_the_server_of_its_source(
    guild: int | None, belongs: int
):
    interaction = heard(ADA)
    interaction.guild_id, interaction.guild_locale, interaction.locale = guild, None, "fr"
    interaction.id, interaction.token, interaction.user.display_name = 1, "t", "Ada"
    interaction.is_guild_integration = lambda: True
    made = origins.origin(interaction, Settings(), 0.0, job(private=True))
    assert made.guild == belongs
    assert made.guild_locale == ("en-US" if guild is None else "fr")


@pytest.mark.parametrize("kind", [discord.TextChannel, discord.Thread, discord.VoiceChannel])
@pytest.mark.parametrize("restricted", [True, False])
def test_age_restriction_is_the_channels(kind: type, restricted: bool):
    channel = create_autospec(kind, instance=True)
    channel.is_nsfw.return_value = restricted
    assert origins.age_restricted(channel) is restricted


@pytest.mark.parametrize("channel", [None, object(), SimpleNamespace(is_nsfw=lambda: True)])
def test_what_cannot_say_so_is_open_to_everybody(channel: object):
    assert not origins.age_restricted(channel)


def test_a_thread_needs_the_right_of_threads():
    thread = create_autospec(discord.Thread, instance=True)
    only_threads = rights.INSTALL_PERMISSIONS & ~rights.SEND.bit
    origins.require_rights(heard(ADA, permissions=only_threads, channel=thread))
    with pytest.raises(MissingRights):
        origins.require_rights(heard(ADA, permissions=only_threads))
