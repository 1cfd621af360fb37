"""What an interaction says of the person, the place and the rights."""

from typing import TypeAlias

import discord

from bot import rights, safety
from bot.jobs.nouns import Job, Origin
from bot.refusals import Forbidden, JobGone
from bot.settings import Settings
from stylus_engine.model import Rating

Interaction: TypeAlias = "discord.Interaction[discord.Client]"


def origin(
    interaction: Interaction, settings: Settings, now: float, source: Job | None = None
) -> Origin:
    """Where a wish comes from, and the roads back to there.

    What is pressed in a direct message belongs to the server of its `source`: bans hold.
    """
    behind = source.origin if source is not None and interaction.guild_id is None else None
    spoken = behind.guild_locale if behind else interaction.guild_locale or interaction.locale
    return Origin(
        interaction=interaction.id,
        token=interaction.token,
        token_until=now + settings.delivery.token_seconds,
        user=interaction.user.id,
        user_name=interaction.user.display_name,
        guild=behind.guild if behind else interaction.guild_id,
        channel=interaction.channel_id or 0,
        locale=str(interaction.locale),
        guild_locale=str(spoken),
        roads_beside_token=_writes_there(interaction),
    )


def _writes_there(interaction: Interaction) -> bool:
    """Whether the bot may without a token: as a member of the server, or where it speaks with this person alone."""
    return interaction.is_guild_integration() or bool(interaction.context.dm_channel)


def ceiling(interaction: Interaction, settings: Settings) -> Rating:
    """The highest rating that may be drawn in this channel."""
    restricted = age_restricted(interaction.channel)
    return safety.ceiling(settings.selection.most_rating, age_restricted=restricted)


def age_restricted(channel: object) -> bool:
    """A thread is what its channel is; what cannot say so is open to everybody."""
    match channel:
        case (
            discord.TextChannel()
            | discord.VoiceChannel()
            | discord.StageChannel()
            | discord.ForumChannel()
            | discord.Thread()
        ):
            return channel.is_nsfw()
        case _:
            return False


def require_rights(interaction: Interaction) -> None:
    """Raise `MissingRights` unless the bot may post pictures here."""
    thread = isinstance(interaction.channel, discord.Thread)
    permissions = interaction.app_permissions.value
    rights.require(permissions, channel=interaction.channel_id or 0, thread=thread)


def moderates(interaction: Interaction) -> bool:
    """Whether this person may delete other people's messages here."""
    return rights.has(interaction.permissions.value, rights.MANAGE_MESSAGES)


def manages(interaction: Interaction, settings: Settings) -> bool:
    """Whether this person may use `/admin` for this server."""
    owner = interaction.user.id in settings.safety.owners
    return owner or rights.has(interaction.permissions.value, rights.MANAGE_GUILD)


def stops(interaction: Interaction, settings: Settings) -> bool:
    """Whether this person may stop the drawing, which stops it in every server."""
    shared = len(interaction.client.guilds) > 1
    if settings.safety.owners or shared:
        return interaction.user.id in settings.safety.owners
    return manages(interaction, settings)


def visible(job: Job | None, interaction: Interaction, asked: str) -> Job:
    """The job, if this person may know of it: private ones are their requester's alone.

    Raises `JobGone` for both others, so that a guessed id tells nothing; also in another
    server than the job's own.
    """
    if job is None or not is_visible(job, interaction):
        raise JobGone(job=asked)
    return job


def is_visible(job: Job, interaction: Interaction) -> bool:
    """Whether it is this person's, or anybody's of this server."""
    public = not job.private and job.origin.guild == interaction.guild_id
    return public or job.origin.user == interaction.user.id


def require_say(job: Job, interaction: Interaction) -> None:
    """Raise `Forbidden` unless it is this person's job, or they moderate here."""
    mine = job.origin.user == interaction.user.id
    if not mine and (job.private or not moderates(interaction)):
        raise Forbidden(owner=job.origin.user)
