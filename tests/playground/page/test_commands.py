"""Slash commands from the composer: list, fields, suggestions, files, problems."""

import pytest
from playwright.async_api import expect

from tests.playground.page.scripted import picture

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_a_slash_lists_the_commands_and_typing_narrows_them(stage):
    async with stage.page() as chat:
        await chat.at("compose").click()
        await chat.page.keyboard.type("/")
        names = chat.at("commands").locator(".option-label")
        await expect(names.filter(has_text="/shelf browse")).to_be_visible()
        await chat.page.keyboard.type("br")
        assert await names.all_inner_texts() == ["/shelf browse"]
        await chat.page.keyboard.type("zz")
        await expect(chat.page.get_by_text("No command is called that.")).to_be_visible()
        await chat.page.keyboard.press("Escape")
        await expect(chat.at("commands")).to_be_hidden()


async def test_arrows_and_tab_choose_a_command(stage):
    async with stage.page() as chat:
        await chat.at("compose").click()
        await chat.page.keyboard.type("/")
        active = chat.at("commands").locator(".option.active .option-label")
        first = await active.inner_text()
        await chat.page.keyboard.press("ArrowDown")
        second = await active.inner_text()
        assert first != second
        pointed = await chat.at("compose").get_attribute("aria-activedescendant")
        assert await chat.page.locator(f"#{pointed} .option-label").inner_text() == second
        await chat.page.keyboard.press("Tab")
        await expect(chat.page.get_by_role("form", name=second)).to_be_visible()


async def test_a_whole_name_and_a_space_choose_it_and_keep_what_follows(stage):
    async with stage.page() as chat:
        await chat.at("compose").fill("/paint a fox")
        await expect(chat.page.get_by_role("textbox", name="words")).to_have_value("a fox")


async def test_required_options_come_first_and_others_are_chips(stage):
    async with stage.page() as chat:
        await chat.choose("paint")
        assert await chat.at("field").count() == 1
        await expect(chat.page.get_by_role("textbox", name="words")).to_be_focused()
        chips = await chat.at("chip").all_inner_texts()
        assert chips == ["adapter", "pictures", "style", "seed", "private", "base"]
        await chat.page.locator("[data-chip=seed]").click()
        await expect(chat.page.get_by_role("textbox", name="seed")).to_be_focused()
        await chat.page.get_by_role("button", name="Leave out seed").click()
        await expect(chat.page.locator("[data-chip=seed]")).to_be_focused()


async def test_every_kind_of_option_reaches_the_bot(stage, tmp_path):
    file = tmp_path / "base.png"
    file.write_bytes(picture(3, "base"))
    async with stage.page() as chat:
        await chat.choose("paint")
        await chat.page.keyboard.type("a fox")
        for name in ("adapter", "pictures", "style", "seed", "private", "base"):
            await chat.page.locator(f"[data-chip={name}]").click()
        await chat.page.get_by_role("combobox", name="adapter").fill("night")
        await chat.page.get_by_role("option", name="Night City").click()
        await chat.page.get_by_role("textbox", name="pictures").fill("3")
        await chat.page.get_by_role("combobox", name="style").select_option("High")
        await chat.page.get_by_role("textbox", name="seed").fill("-7")
        await chat.page.get_by_role("combobox", name="private").select_option("Yes")
        await chat.at("command-form").locator("input[type=file]").set_input_files(file)
        await expect(chat.at("shelved")).to_contain_text("base.png")
        await chat.shot(tmp_path, "command")
        await chat.page.get_by_role("textbox", name="words").press("Enter")
        await expect(chat.last.get_by_test_id("picture")).to_have_count(4)  # 3 and the thumbnail
        await expect(chat.last.get_by_test_id("only-you")).to_be_visible()
    found = next(one["paint"] for one in reversed(stage.bot.seen) if "paint" in one)
    given = {"words": "a fox", "adapter": "id:Night City", "pictures": 3, "style": "high"}
    base = ["base.png", "image/png", file.read_bytes()]
    assert found == given | {"seed": -7, "private": True, "base": base}


async def test_suggestions_wait_for_a_pause_and_are_chosen_by_keys(stage):
    async with stage.page() as chat:
        await chat.choose("paint")
        await chat.page.keyboard.type("cat")
        await chat.page.locator("[data-chip=adapter]").click()
        field = chat.page.get_by_role("combobox", name="adapter")
        await expect(chat.at("suggestions").get_by_role("option")).to_have_count(5)
        asked = len(stage.bot.seen)
        await chat.page.keyboard.type("ink", delay=20)
        await expect(chat.at("suggestions").get_by_role("option")).to_have_count(2)
        assert stage.bot.seen[asked:] == [{"typed": "ink", "words": "cat"}]
        await chat.page.keyboard.press("ArrowDown")
        pointed = await field.get_attribute("aria-activedescendant")
        await expect(chat.page.locator(f"#{pointed}")).to_have_text("Inkling")
        await chat.page.keyboard.press("Enter")
        await expect(field).to_have_value("Inkling")
        await expect(field).to_have_attribute("aria-expanded", "false")
        await chat.page.keyboard.press("Enter")
        await expect(chat.at("command-form")).to_have_count(0)
    found = next(one["paint"] for one in reversed(stage.bot.seen) if "paint" in one)
    assert found["adapter"] == "id:Inkling"


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_sent(stage):
    wrong = {
        "11": "Pictures must be at most 10.",
        "0": "Pictures must be at least 1.",
        "2.5": "Pictures must be a whole number.",
        "many": "Pictures must be a whole number.",
    }
    async with stage.page() as chat:
        before = len(stage.bot.seen)
        await chat.choose("paint")
        await chat.page.locator("[data-chip=pictures]").click()
        field = chat.page.get_by_role("textbox", name="pictures")
        words = chat.page.get_by_role("textbox", name="words")
        for typed, sentence in wrong.items():
            await field.fill(typed)
            await field.press("Enter")
            await expect(chat.page.get_by_text(sentence)).to_be_visible()
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(chat.page.get_by_text("Please fill in words.")).to_be_visible()
            await expect(words).to_be_focused()
        assert len(stage.bot.seen) == before


PASTE = """async () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 8, height: 8});
    const blob = await new Promise((done) => canvas.toBlob(done));
    const carried = new DataTransfer();
    carried.items.add(new File([blob], 'pasted.png', {type: 'image/png'}));
    const event = new ClipboardEvent('paste', {clipboardData: carried, bubbles: true});
    document.activeElement.dispatchEvent(event);
}"""


async def test_a_picture_can_be_pasted_into_a_command_and_taken_back(stage):
    async with stage.page() as chat:
        await chat.choose("paint")
        await chat.page.evaluate(PASTE)
        await expect(chat.at("shelved")).to_contain_text("pasted.png")
        await chat.page.get_by_role("button", name="Remove pasted.png").click()
        await expect(chat.at("shelved")).to_have_count(0)
        await chat.page.keyboard.press("Escape")
        await expect(chat.at("compose")).to_have_value("/paint")


async def test_a_picture_that_was_pasted_first_goes_with_the_command(stage):
    async with stage.page() as chat:
        await chat.at("compose").click()
        await chat.page.evaluate(PASTE)
        await expect(chat.at("shelved")).to_contain_text("pasted.png")
        await chat.choose("paint")
        await expect(chat.page.locator("[data-option=base]")).to_contain_text("pasted.png")
        await expect(chat.at("shelved")).to_have_count(1)


async def test_a_message_of_a_person_may_carry_pictures(stage, tmp_path):
    files = [tmp_path / name for name in ("one.png", "two.png")]
    for n, file in enumerate(files):
        file.write_bytes(picture(n, "mine"))
    async with stage.page(channel="general") as chat:
        async with chat.page.expect_file_chooser() as asked:
            await chat.at("add-files").click()
        await (await asked.value).set_files(files)
        await expect(chat.at("shelved")).to_have_count(2)
        await chat.shot(tmp_path, "tray")
        await chat.at("send-text").click()
        await expect(chat.last.get_by_test_id("picture")).to_have_count(2)
        await expect(chat.at("shelved")).to_have_count(0)


async def test_a_command_that_nobody_answers_says_so(stage):
    async with stage.page() as chat:
        await chat.slash("never")
        await expect(chat.last.get_by_test_id("failure")).to_have_text("This interaction failed.")
        await expect(chat.last.get_by_test_id("asked")).to_contain_text("Ada used /never")
        await chat.last.get_by_test_id("dismiss").click()
        await expect(chat.page.get_by_text("Ada used /never")).to_have_count(0)


async def test_thinking_then_progress_then_the_card_in_one_message(stage):
    async with stage.page() as chat:
        stage.bot.paused.clear()
        await chat.slash("paint", "slowly, a fox")
        await expect(chat.last.get_by_test_id("thinking")).to_contain_text("is thinking…")
        name = await chat.last.get_attribute("data-message-id")
        same = chat.page.locator(f"[data-message-id='{name}']")
        stage.bot.paused.set()
        for step in (1, 2):
            await expect(same).to_contain_text(f"{step} / 30")
            stage.bot.paused.set()
        await expect(same.get_by_test_id("picture")).to_have_count(5)
        await expect(same.get_by_test_id("thinking")).to_have_count(0)


async def test_plain_words_are_a_message_and_an_unknown_command_is_none(stage):
    async with stage.page(channel="general") as chat:
        await chat.at("compose").fill("Good morning!")
        await chat.page.keyboard.press("Enter")
        await expect(chat.last).to_contain_text("Good morning!")
        await expect(chat.at("compose")).to_have_value("")
        await chat.at("compose").fill("/nothing")
        await chat.page.keyboard.press("Enter")
        await expect(chat.at("composer-error")).to_contain_text("There is no such command.")
