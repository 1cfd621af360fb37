"""Around every piece of work for an interaction: the clock before it, the table of errors behind it."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

import discord
from discord import app_commands

from bot.cards import answers
from bot.cards.letter import Letter
from bot.delivery.wire import Blocked, ThreadClosed, TooBig, WireError
from bot.refusals import LineFull
from bot.routing.reply import Interaction, Reply, Slow, TooSlow
from bot.services import Services
from bot.texts import Say
from stylus_engine.errors import StylusError

log = logging.getLogger(__name__)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read as something else
REFUSED: Mapping[type[WireError], str] = {
    Blocked: "undelivered-Blocked",
    TooBig: "notice-too-big",
    ThreadClosed: "notice-thread-closed",
}
PATIENCE = 0.5  # of the time Discord gives, before "thinking" is shown


async def serve(
    services: Services,
    interaction: Interaction,
    work: Callable[[Reply], Awaitable[None]],
    *,
    ephemeral: bool = True,
    slow: Slow = "message",
) -> None:
    """Do the work and see that the interaction has its answer, whatever happens in it."""
    began = services.clock.ticks()

    def heard() -> None:
        services.metrics.answered(services.clock.ticks() - began)

    reply = Reply(interaction, ephemeral=ephemeral, slow=slow, heard=heard)
    with services.turns.in_hand():
        try:
            patience = PATIENCE * services.settings.delivery.acknowledge_seconds
            async with reply.in_time(patience), services.turns.turn():
                await work(reply)
            await reply.quiet_if_silent()
        except Exception as error:  # noqa: BLE001  the one place where everything ends: an interaction without an answer reads "failed" and nothing else
            await explain(services, reply, error)


async def explain(services: Services, reply: Reply, error: Exception) -> None:
    """Tell what went wrong, only to whom it concerns; never raises."""
    try:
        letter = await _letter(services, reply.interaction, error)
        if letter is not None:
            await reply.send(letter, ephemeral=True)
    except (TooSlow, ThreadClosed) as said:
        told = type(error).__name__
        log.warning("an interaction could not be answered (%s): %s", type(said).__name__, told)
    except Exception:  # telling failed as well: there is nobody left to tell but the log
        log.exception("an interaction could not be answered")


async def _letter(services: Services, interaction: Interaction, error: Exception) -> Letter | None:
    """The table: which error is told how. None: Discord itself has told it."""
    say = services.say(str(interaction.locale))
    match error:
        case TooSlow():
            log.warning("too late for %s", _name(interaction))
            return None
        case StylusError():
            log.info("%s: %s", _name(interaction), type(error).__name__)
            services.metrics.refused(type(error).__name__)
            return await refusal(services, say, interaction, error)
        case Blocked() | TooBig() | ThreadClosed():
            return notice(say, REFUSED[type(error)])
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return notice(say, "notice-stale-command")
        case app_commands.TransformerError() | app_commands.CheckFailure():
            return notice(say, "notice-odd-option")
        case discord.DiscordException() | Exception():
            services.metrics.unexpected()
            return _unexpected(say, interaction, error)


async def refusal(
    services: Services, say: Say, interaction: Interaction, error: StylusError
) -> Letter:
    """A sentence, with what may help: jobs to cancel beside a full line."""
    full = isinstance(error, LineFull)
    jobs = await services.line.unfinished(interaction.user.id) if full else []
    return Letter(view=lambda: answers.refusal(say, error, jobs=jobs), ephemeral=True)


def notice(say: Say, key: str, **facts: object) -> Letter:
    """A short line that only one person sees."""
    return Letter(view=lambda: answers.notice(say, key, **facts), ephemeral=True)


def _unexpected(say: Say, interaction: Interaction, error: Exception) -> Letter:
    """A number for the person, the same in the log with all that is known."""
    code = "E-" + "".join(secrets.choice(ALPHABET) for _ in range(4))
    log.error("%s in %s", code, _name(interaction), exc_info=error)
    return Letter(view=lambda: answers.unexpected(say, code), ephemeral=True)


def _name(interaction: Interaction) -> str:
    """What was asked, for the log: never a token, never what somebody typed."""
    command = interaction.command
    if command is not None:
        return f"/{command.qualified_name}"
    data = interaction.data or {}
    pressed = ":".join(str(data.get("custom_id") or "").split(":")[:4])  # what follows may be typed
    return pressed[:100] or interaction.type.name
