"""The playground, the scripted bot and a real Chromium, once for all tests of the page."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.playground.discord_bot import running
from tests.playground.driver import Playground
from tests.playground.page.scripted import Scripted

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 10_000  # milliseconds: two cores may be shared with a whole test run
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def chromium() -> str:
    """Where it lies. Skips without one, but never where CI runs."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and not os.environ.get("STYLUS_CI"):
        pytest.skip("there is no Chromium here")
    assert found, "CI needs Chromium"
    return found


@dataclass
class Stage:
    play: Playground
    bot: Scripted
    browser: Browser

    @asynccontextmanager
    async def page(
        self,
        user: str = "ada",
        channel: str = "pictures",
        shape: dict[str, Any] = WIDE,
        **more: Any,
    ) -> AsyncIterator["Chat"]:
        """The page as `user` sees it; every error of its scripts fails the test."""
        world = await self.play.world()
        known = {each["username"]: each["id"] for each in world["users"]}
        context = await self.browser.new_context(**shape, **more)
        try:
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            chat = Chat(page)
            page.on("pageerror", lambda error: chat.errors.append(str(error)))
            page.on("console", chat.listen)
            where = await self.play.channel(channel)
            await page.goto(f"{self.play.page}#{known[user]}/{where}")
            await expect(page.locator("#presence")).to_have_text(
                f"{world['bot']['username']} is here"
            )
            yield chat
            assert not chat.errors
        finally:
            await context.close()


class Chat:
    """What a person does on the page, in words."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []

    def listen(self, message: Any) -> None:
        # Chromium reports every refused answer itself; what matters of it is on the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    @property
    def last(self) -> Locator:
        return self.page.get_by_test_id("message").last

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def choose(self, command: str) -> None:
        """Type "/", the command, Enter."""
        await self.at("compose").click()
        await self.page.keyboard.type(f"/{command}")
        await expect(self.at("commands").get_by_role("option")).not_to_have_count(0)
        await self.page.keyboard.press("Enter")
        await expect(self.at("command-form")).to_be_visible()

    async def slash(self, command: str, words: str | None = None) -> None:
        """A command with its first option filled in."""
        await self.choose(command)
        if words is not None:
            await self.at("field").first.locator("textarea").fill(words)
        await self.at("send").click()
        await expect(self.at("command-form")).to_have_count(0)

    async def painted(self, words: str = "a fox in the rain") -> Locator:
        """Have a card made; its message."""
        await self.slash("paint", words)
        message = self.page.get_by_test_id("message").filter(
            has=self.page.locator("[data-custom-id=keep]"), has_text=words[:60]
        )
        await expect(message.last.get_by_test_id("picture").first).to_be_visible()
        return message.last

    async def back(self) -> str:
        """Shift+Tab, and where the focus is then."""
        await self.page.keyboard.press("Shift+Tab")
        return await self.page.evaluate(
            """() => {
              const { id, dataset } = document.activeElement;
              return dataset.customId ?? dataset.testid ?? id;
            }"""
        )

    async def shot(self, folder: Path, name: str) -> None:
        """A picture of the page for people: in $ARTIFACTS, else in `folder`."""
        folder = Path(os.environ.get("ARTIFACTS") or folder) / "playground-page"
        folder.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=folder / f"{name}.png", animations="disabled")

    async def no_wider_than_it_is(self) -> None:
        """No horizontal scroll, of the page or of the log."""
        over = await self.page.evaluate(
            """() => [document.documentElement, document.querySelector('#log')]
                     .map((node) => node.scrollWidth - node.clientWidth)"""
        )
        assert over == [0, 0]


@asynccontextmanager
async def staged(**flags: object) -> AsyncIterator[Stage]:
    where = chromium()
    expect.set_options(timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch:
        async with (
            Playground(**{"ack_seconds": 2, **flags}) as play,
            running(play, Scripted(), patch) as bot,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=where, args=FLAGS)
            try:
                assert isinstance(bot, Scripted)
                yield Stage(play, bot, browser)
            finally:
                await browser.close()
