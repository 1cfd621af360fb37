"""A person who has only the page: the real bot, the real workers, the miniature, a real browser.

Nothing here looks behind the page: what is asked is what can be seen.  The pictures that
people look at afterwards are kept in $ARTIFACTS.
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.bot_process import BotProcess
from tests.playground.driver import Playground
from tests.playground.page.stage import FLAGS, PHONE, WIDE, Chat, chromium

PROMPT = "a papercut of a purple rocket at sunset"
PATIENCE = 120_000  # milliseconds; a first picture loads torch on a machine that tests share
SMALL = """() => [...document.querySelectorAll('button, a, input, select, textarea, [role=option]')]
    .filter((node) => node.checkVisibility() && !node.disabled)
    .map((node) => [node.getBoundingClientRect(), node.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width && (box.height < 43.5 || box.width < 43.5))
    .map(([box, html]) => `${box.width}×${box.height} ${html}`)"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.asyncio]


class Visitor(Chat):
    """A person at the page, with the words this bot uses."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        super().__init__(page)
        self._folder, self._name = folder, name

    @property
    def answers(self) -> Locator:
        """What the bot wrote; its «thinking» is not among it."""
        return self.at("message").filter(has=self.at("container"))

    async def imagine(self, prompt: str, count: str) -> Locator:
        """Give the command; the message that answers it."""
        before = await self.answers.count()
        await self.choose("imagine")
        await self.at("field").first.locator("textarea, input").first.fill(prompt)
        await self.page.locator("[data-chip=count]").click()
        field = self.page.locator("[data-testid=field]", has_text="count")
        await field.locator("input, select, textarea").last.fill(count)
        await self.at("send").click()
        return await self.nth(before)

    async def nth(self, number: int) -> Locator:
        """Message `number` once the bot has answered, held by its id: others may come and go."""
        message = self.answers.nth(number)
        await expect(message).to_be_visible(timeout=PATIENCE)
        id_ = await message.get_attribute("data-message-id")
        return self.page.locator(f"[data-testid=message][data-message-id='{id_}']")

    async def drawn(self, message: Locator, pictures: int) -> Locator:
        """The message once it is a card with its pictures."""
        await expect(self.button(message, "seed")).to_be_visible(timeout=PATIENCE)
        await expect(message.get_by_test_id("picture")).to_have_count(pictures)
        for picture in await message.get_by_test_id("picture").locator("img").all():
            await picture.scroll_into_view_if_needed()
            await expect(picture).to_have_js_property("complete", value=True)
            assert await picture.get_attribute("alt")
        return message

    def button(self, message: Locator, action: str) -> Locator:
        return message.locator(f"[data-custom-id^='sty:1:'][data-custom-id*=':{action}']").first

    async def press(self, message: Locator, action: str) -> Locator:
        """Press, and take the message that comes of it."""
        before = await self.answers.count()
        await self.button(message, action).click()
        return await self.nth(before)

    async def lit(self, message: Locator) -> tuple[str, ...]:
        """The adapters of a single picture and their weights, as people read them."""
        lines = (await message.inner_text()).splitlines()
        return tuple(line.split(" for ")[0] for line in lines if re.search(r" [\d.]+ for ", line))

    async def keep(self, what: str) -> None:
        """A screenshot for people."""
        folder = Path(os.environ.get("ARTIFACTS") or self._folder) / "journey"
        folder.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=folder / f"{self._name}-{what}.png", animations="disabled")

    async def fits(self) -> None:
        await self.no_wider_than_it_is()
        if self._name == "phone":
            assert await self.page.evaluate(SMALL) == []


@asynccontextmanager
async def visiting(
    play: Playground, shape: dict[str, Any], folder: Path, name: str, channel: str
) -> AsyncIterator[Visitor]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            page = await (await browser.new_context(**shape)).new_page()
            page.set_default_timeout(30_000)
            visitor = Visitor(page, folder, name)
            page.on("pageerror", lambda error: visitor.errors.append(str(error)))
            ada = next(u for u in (await play.world())["users"] if u["username"] == "ada")
            await page.goto(f"{play.page}#{ada['id']}/{await play.channel(channel)}")
            yield visitor
            assert not visitor.errors
        finally:
            await browser.close()


def real(play: Playground, folder: Path) -> BotProcess:
    """The bot as people start it: its own workers, the miniature, in steps enough to be watched."""
    settings = {"workers__command": "[]", "delivery__edit_seconds": 0.5, "line__waiting": 5}
    return BotProcess(play, folder, drawing__steps=40, **settings)


async def test_an_evening_with_the_bot_at_a_desk_and_on_a_phone(tmp_path: Path):
    """Two pages of one person in two channels, on one bot: real workers take long to start."""
    chromium()
    async with (
        Playground(ack_seconds=20) as play,
        real(play, tmp_path) as bot,
        visiting(play, WIDE, tmp_path, "desk", "pictures") as desk,
        visiting(play, PHONE, tmp_path, "phone", "general") as phone,
    ):
        firsts = [(visitor, await evening(visitor)) for visitor in (desk, phone)]
        assert await bot.stop() == 0
        async with real(play, tmp_path):
            for visitor, first in firsts:
                await pressed_after_a_restart(visitor, first)


async def evening(ada: Visitor) -> Locator:
    """Everything but the restart; the first card."""
    first = await watched(ada)
    await rerolled(ada)
    await edited(ada, first)
    await looked_into(ada, first)
    await deleted_and_restored(ada)
    await cancelled(ada)
    return first


async def watched(ada: Visitor) -> Locator:
    """/imagine, its progress, its grid."""
    message = await ada.imagine(PROMPT, "4")
    await expect(message).to_contain_text(PROMPT)
    await ada.keep("1-status")
    await expect(message).to_contain_text(re.compile(r"Reading|Chosen|\d+ / \d+"), timeout=PATIENCE)
    await ada.drawn(message, 4)
    await ada.keep("2-card")
    await ada.fits()
    await message.get_by_test_id("picture").first.click()
    await expect(ada.at("large")).to_be_visible()
    await ada.keep("3-large")
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("large")).to_have_count(0)
    return message


async def rerolled(ada: Visitor) -> None:
    """🧩 three times on a plan with four masks and more: none comes twice."""
    single = await ada.drawn(await ada.imagine(f"{PROMPT}, night", "1"), 1)
    seen = [await ada.lit(single)]
    for _ in range(3):
        again = await ada.drawn(await ada.press(single, "mask"), 1)
        seen.append(await ada.lit(again))
    assert len(set(seen)) == 4, seen


async def edited(ada: Visitor, first: Locator) -> None:
    before = await ada.answers.count()
    await ada.button(first, "edit").click()
    dialog = ada.page.get_by_role("dialog")
    words = dialog.locator("textarea").first
    await expect(words).to_have_value(PROMPT)
    await words.fill("a pencil sketch of a yellow cat in the snow")
    await ada.keep("4-edit")
    await ada.at("modal-submit").click()
    card = await ada.drawn(await ada.nth(before), 4)
    await expect(card).to_contain_text("a pencil sketch of a yellow cat in the snow")


async def looked_into(ada: Visitor, first: Locator) -> None:
    details = await ada.press(first, "info")
    await expect(details.get_by_test_id("only-you")).to_be_visible()
    await expect(details).to_contain_text(re.compile(r"steps|guidance"))
    await details.scroll_into_view_if_needed()
    await ada.keep("5-details")
    await ada.fits()


async def deleted_and_restored(ada: Visitor) -> None:
    card = await ada.drawn(await ada.imagine("a red ball in the forest", "1"), 1)
    await ada.button(card, "del").click()
    await expect(card).to_have_count(0)
    await ada.keep("6-deleted")
    restore = ada.page.locator("[data-custom-id*=':restore']").last
    await restore.click()
    back = ada.at("message").filter(
        has_text="a red ball in the forest", has=ada.page.locator("[data-custom-id*=':seed']")
    )
    await ada.drawn(back.last, 1)


async def cancelled(ada: Visitor) -> None:
    """Two at once: the second waits, so there is time to change one's mind."""
    running = await ada.imagine("a green house in the desert", "4")
    waiting = await ada.imagine("a blue boat at sea", "4")
    await ada.button(waiting, "cancel").click()
    await expect(waiting).to_contain_text("Cancelled", timeout=PATIENCE)
    await ada.keep("7-cancelled")
    await ada.drawn(running, 4)


async def pressed_after_a_restart(ada: Visitor, first: Locator) -> None:
    """A button of before: it works for ever."""
    await ada.drawn(await ada.press(first, "seed"), 4)
    await ada.keep("8-after-restart")
    await ada.fits()
