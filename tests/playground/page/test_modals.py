"""Modals: fields, counts, problems, focus, and what reaches the bot."""

import pytest
from playwright.async_api import expect

from tests.playground.page.scripted import picture

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def opened(chat, words):
    card = await chat.painted(words)
    await card.locator("[data-custom-id=edit]").click()
    await expect(chat.page.get_by_role("dialog", name="Edit prompt")).to_be_visible()
    return card


async def test_every_field_reaches_the_bot(stage, tmp_path):
    file = tmp_path / "more.png"
    file.write_bytes(picture(1, "more"))
    async with stage.page() as chat:
        card = await opened(chat, "a form, filled")
        prompt = chat.page.get_by_role("textbox", name="Prompt")
        await expect(prompt).to_be_focused()
        await expect(prompt).to_have_value("a fox")
        await expect(prompt).to_have_accessible_description("What you want to see")
        await expect(chat.at("modal").locator(".count")).to_have_text("5 / 40")
        await prompt.fill("a hare")
        await expect(chat.at("modal").locator(".count")).to_have_text("6 / 40")
        await chat.shot(tmp_path, "modal")
        await chat.page.get_by_role("checkbox", name="Night City").check()
        await chat.page.get_by_role("checkbox", name="Paper Fox").check()
        await chat.at("modal").get_by_test_id("select").click()
        await chat.page.get_by_role("option", name="3:2").click()
        await chat.page.get_by_role("radio", name="high").check()
        await chat.at("modal").locator("input[type=file]").set_input_files([file])
        await expect(chat.at("shelved")).to_contain_text("more.png")
        await chat.at("modal-submit").click()
        await expect(chat.at("modal")).to_have_count(0)
        await expect(chat.last).to_contain_text("Thank you: a hare")
        await expect(card.locator("[data-custom-id=edit]")).to_be_focused()
    sent = next(one["modal"] for one in reversed(stage.bot.seen) if "modal" in one)
    assert len(sent.pop("files")) == 1
    assert sent == {
        "prompt": "a hare",
        "adapters": ["1", "2"],
        "aspect": ["3:2"],
        "strength": "high",
    }


async def test_what_is_wrong_is_told_where_it_is_and_nothing_is_sent(stage, tmp_path):
    async with stage.page() as chat:
        await opened(chat, "a form, wrong")
        before = len(stage.bot.seen)
        prompt = chat.page.get_by_role("textbox", name="Prompt")
        for words, sentence in (
            ("", "Please write something here."),
            ("ab", "Please write at least 3 characters."),
            ("🦊" * 41, "Please write at most 40 characters."),
        ):
            await prompt.fill(words)
            await chat.at("modal-submit").click()
            await expect(chat.at("modal").get_by_text(sentence)).to_be_visible()
            await expect(prompt).to_be_focused()
            await expect(prompt).to_have_attribute("aria-invalid", "true")
        await expect(chat.at("modal").get_by_text("Please choose one.")).to_be_visible()
        await chat.shot(tmp_path, "modal-problems")
        assert len(stage.bot.seen) == before


async def test_the_focus_stays_inside_and_escape_leaves(stage):
    async with stage.page() as chat:
        card = await opened(chat, "a form, left")
        inside = "() => document.querySelector('dialog').contains(document.activeElement)"
        for key in ["Tab"] * 14 + ["Shift+Tab"] * 14:
            await chat.page.keyboard.press(key)
            assert await chat.page.evaluate(inside)
        await chat.page.keyboard.press("Escape")
        await expect(chat.at("modal")).to_have_count(0)
        await expect(card.locator("[data-custom-id=edit]")).to_be_focused()


async def test_words_are_kept_when_the_bot_does_not_answer(stage):
    async with stage.page() as chat:
        await opened(chat, "a form, unanswered")
        await chat.at("modal").get_by_test_id("select").click()
        await chat.page.get_by_role("option", name="1:1").click()
        await chat.page.get_by_role("textbox", name="Prompt").fill("kept words")
        await stage.play.fault("status", path="/callback", status=500, times=50)
        try:
            await chat.at("modal-submit").click()
            problem = chat.at("modal-error")
            await expect(problem).to_contain_text("That did not work.")
        finally:
            await stage.play.no_faults()
        await expect(chat.page.get_by_role("textbox", name="Prompt")).to_have_value("kept words")
        await chat.at("modal-submit").click()
        await expect(chat.last).to_contain_text("Thank you: kept words")


async def test_a_form_of_a_message_menu(stage):
    async with stage.page() as chat:
        card = await chat.painted("a form, from the menu")
        name = await card.get_attribute("data-message-id")
        await card.get_by_test_id("more").click()
        await chat.page.get_by_role("menuitem", name="Remix").click()
        await expect(chat.page.get_by_role("dialog", name="Edit prompt")).to_be_visible()
        await chat.page.keyboard.press("Escape")
        assert {"remix": int(name)} in stage.bot.seen
