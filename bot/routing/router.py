"""Every pressed button, every choice of a list, every window that was filled in.

One listener for all of them.  A custom_id says what is wanted; a row of the table
says who does it.  Forged, stale and foreign ids get one sentence.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import discord

from bot import custom_ids
from bot.custom_ids import NOBODY
from bot.routing.acts import Acts
from bot.routing.adding import Adding
from bot.routing.entrance import Entrance
from bot.routing.lists import Lists
from bot.routing.press import Press, press
from bot.routing.reply import Interaction, Reply, Slow
from bot.routing.serving import notice, serve
from bot.routing.votes import Votes
from bot.services import Services

Handler: TypeAlias = Callable[[Press], Awaitable[None]]
HEARD = (discord.InteractionType.component, discord.InteractionType.modal_submit)
OF_NOBODY = frozenset({"page", "open", "edited"})  # may come without a job
MAKING = frozenset(
    {"seed", "mask", "keep", "u", "v", "subtle", "x2", "again", "edited", "restore", "reveal"}
)  # for all to see
IN_PLACE = frozenset({"page", "cancel", "del"})  # change or end the message they stand on


class Router:
    """Finds the handler of a press. Whoever adds an action to `custom_ids` adds a row here."""

    def __init__(self, services: Services, entrance: Entrance) -> None:
        self._services = services
        self.acts = acts = Acts(services, entrance)
        self.lists = lists = Lists(services, entrance)
        self.adding = Adding(services)
        self.votes = votes = Votes(services)
        self.handlers: Mapping[str, Handler] = {
            "seed": acts.derive,
            "mask": acts.derive,
            "keep": acts.keep,
            "u": acts.of_one,
            "v": acts.of_one,
            "subtle": acts.of_one,
            "x2": acts.of_one,
            "again": acts.again,
            "edit": acts.edit,
            "edited": acts.edited,
            "info": acts.info,
            "fav": acts.favourite,
            "rate": votes.rate,
            "ab": votes.ballot,
            "reveal": votes.reveal,
            "del": acts.delete,
            "restore": acts.restore,
            "cancel": acts.cancel,
            "page": lists.page,
            "open": lists.open,
        }

    async def __call__(self, interaction: Interaction) -> None:
        """Answer a component or a window; commands are discord.py's own tree's. Never raises."""
        if interaction.type not in HEARD:
            return
        found = custom_ids.parse(str((interaction.data or {}).get("custom_id", "")))
        action = found.action if found else ""
        slow: Slow = "update" if action in IN_PLACE else "message"

        async def work(reply: Reply) -> None:
            if found is None or (found.job == NOBODY and action not in OF_NOBODY):
                await self._stale(reply)
            else:
                await self.handlers[action](press(found, reply))

        hidden = action not in MAKING or _on_hidden(interaction)
        await serve(self._services, interaction, work, ephemeral=hidden, slow=slow)

    async def _stale(self, reply: Reply) -> None:
        say = self._services.say(str(reply.interaction.locale))
        await reply.send(notice(say, "notice-stale"), ephemeral=True)


def _on_hidden(interaction: Interaction) -> bool:
    """Whether it was pressed on a message that only this person sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral
