"""Lists that a person leafs through, and what they open from them."""

from pathlib import Path

from msgspec.structs import replace

from bot import origins, wishes
from bot.cards import adapters, lists
from bot.cards.letter import Enclosure, Letter
from bot.cards.paging import Page
from bot.custom_ids import NOBODY
from bot.refusals import JobGone
from bot.routing.entrance import Entrance
from bot.routing.press import Press
from bot.routing.reply import Interaction
from bot.services import Services
from bot.shelf import Shelf
from stylus_engine.model import Adapter

PAGE_OF_HISTORY = 5
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


class Lists:
    """History, favourites and the shelf of adapters: pages, and single things out of them."""

    def __init__(self, services: Services, entrance: Entrance) -> None:
        self._services = services
        self._entrance = entrance
        self.shelf = Shelf(services)

    async def page(self, press: Press) -> None:
        """Another page in the same message."""
        page = Page.parse(press.pressed.argument)
        if page is None:
            raise JobGone(job=press.pressed.argument)
        await press.reply.change(await self.letter(page, press.interaction))

    async def open(self, press: Press) -> None:
        """A result of the history, or an adapter of the shelf: for this person alone."""
        if press.pressed.job == NOBODY:
            name = press.values[0] if press.values else ""
            await press.reply.send(await self.adapter(name, press.interaction), ephemeral=True)
            return
        found = await self._services.line.job(press.pressed.job)
        source = origins.visible(found, press.interaction, press.pressed.job)
        services = self._services
        origin = origins.origin(press.interaction, services.settings, services.now(), source)
        wish = replace(wishes.derived(source, origin, "show"), private=True)
        await self._entrance.admit(wish, press.reply)

    async def letter(self, page: Page, interaction: Interaction) -> Letter:
        """One page, as a person sees it."""
        if page.list == "adapters":
            return await self._shelf_page(page, interaction)
        return await self._history(page, interaction)

    async def _history(self, page: Page, interaction: Interaction) -> Letter:
        favourites = page.list == "favourites"
        size = PAGE_OF_HISTORY
        jobs = await self._services.line.history(
            interaction.user.id, page=page.number, size=size, favourites=favourites
        )
        after = await self._services.line.history(
            interaction.user.id, page=page.number + 1, size=size, favourites=favourites
        )
        say = self._services.say(str(interaction.locale))
        elsewhere = [job.id for job in jobs if not origins.is_visible(job, interaction)]
        return Letter(
            view=lambda: lists.history(
                say,
                jobs,
                page=page.number,
                more=bool(after),
                favourites=favourites,
                elsewhere=elsewhere,
            ),
            ephemeral=True,
        )

    async def _shelf_page(self, page: Page, interaction: Interaction) -> Letter:
        found = await self.shelf.search(
            page.query, interaction, k=adapters.PAGE, offset=page.number * adapters.PAGE
        )
        cards = [candidate.adapter for candidate in found.candidates]
        say = self._services.say(str(interaction.locale))
        return Letter(
            view=lambda: adapters.browse(
                say, cards, query=page.query, page=page.number, total=found.total
            ),
            ephemeral=True,
        )

    async def adapter(self, name: str, interaction: Interaction) -> Letter:
        """What is known of one adapter, and its first preview. Raises `UnknownName`."""
        card = await self.shelf.card(name)
        say = self._services.say(str(interaction.locale))
        preview = _preview(card, self._services.settings.delivery.most_file)
        return Letter(
            view=lambda: adapters.info(say, card, preview=preview),
            files=(preview,) if preview else (),
            ephemeral=True,
        )


def _preview(card: Adapter, most: int) -> Enclosure | None:
    """The first preview on this machine of at most so many bytes; an address elsewhere is not fetched."""
    for place in card.previews:
        path = Path(place)
        if path.suffix.lower() in PICTURES and path.is_file() and path.stat().st_size <= most:
            return Enclosure(name=f"preview{path.suffix.lower()}", path=str(path))
    return None
