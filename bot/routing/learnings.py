"""`/admin learning`: a server's say over what is learned from it."""

import msgspec

from bot.cards import answers
from bot.cards.letter import Enclosure, Letter
from bot.routing.reply import Reply
from bot.routing.serving import notice
from bot.services import Services
from stylus_engine.model import Liking
from stylus_engine.planning.learning import mean

DEEDS = ("on", "off", "export", "delete")
MOST_EXPORTED = 100_000  # pairs: about 10 MB


class Learnings:
    """Only counts leave: who voted stands in none of them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def do(self, what: str, reply: Reply) -> None:
        """One of `DEEDS`; whoever calls has asked whether this person may."""
        match what:
            case "on" | "off":
                await self._switch(reply, on=what == "on")
            case "export":
                await self._export(reply)
            case "delete":
                count = await self._services.line.forget(_guild(reply))
                await self._say(reply, "admin-learning-deleted", count=count)
            case _:
                await self._say(reply, "notice-odd-option")

    async def _switch(self, reply: Reply, *, on: bool) -> None:
        services = self._services
        if not services.settings.learning.on:
            await self._say(reply, "admin-learning-nowhere")
            return
        by = reply.interaction.user.id
        await services.line.learn(_guild(reply), by, services.now(), on=on)
        await self._say(reply, "admin-learning-on" if on else "admin-learning-off")

    async def _export(self, reply: Reply) -> None:
        guild = _guild(reply)
        found = await self._services.line.learned(guild, MOST_EXPORTED)
        say = self._services.say(str(reply.interaction.locale))
        file = Enclosure(name=f"learned-{guild}.json", data=exported(guild, found))
        letter = Letter(
            view=lambda: answers.file(say, "admin-learning-export", file, count=len(found)),
            files=(file,),
            ephemeral=True,
        )
        await reply.send(letter, ephemeral=True)

    async def _say(self, reply: Reply, key: str, **facts: object) -> None:
        say = self._services.say(str(reply.interaction.locale))
        await reply.send(notice(say, key, **facts), ephemeral=True)


def exported(guild: int, found: tuple[Liking, ...]) -> bytes:
    """A server's counts as JSON, those with most evidence first."""
    counts = [
        {
            "adapter": each.card_id,
            "words": each.concept,
            "for": each.good,
            "against": each.bad,
            "liked": round(mean(each), 4),
        }
        for each in found
    ]
    told = {"v": 1, "server": str(guild), "counts": counts}
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def _guild(reply: Reply) -> int:
    return reply.interaction.guild_id or 0
