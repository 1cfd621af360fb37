"""Two people, what each may see and do, and a line that breaks."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_only_the_asker_sees_an_ephemeral_answer_and_may_dismiss_it(stage, tmp_path):
    async with stage.page() as chat:
        await chat.slash("whisper")
        await expect(chat.last).to_contain_text("Hush, Ada.")
        await expect(chat.last.get_by_test_id("only-you")).to_contain_text("Only you can see this")
        await chat.shot(tmp_path, "ephemeral")
        await chat.page.get_by_role("radio", name="Ben").click()
        await expect(chat.page.get_by_role("radio", name="Ben")).to_be_checked()
        await expect(chat.page.get_by_text("Hush, Ada.")).to_have_count(0)
        await chat.slash("whisper")
        await expect(chat.last).to_contain_text("Hush, Ben.")
        await chat.page.get_by_role("radio", name="Ada").click()
        await expect(chat.page.get_by_text("Hush, Ada.").last).to_be_visible()
        await expect(chat.page.get_by_text("Hush, Ben.")).to_have_count(0)
        count = await chat.page.get_by_text("Hush, Ada.").count()
        await chat.last.get_by_test_id("dismiss").click()
        await chat.page.reload()
        await expect(chat.page.locator("#presence")).to_contain_text("is here")
        await expect(chat.page.get_by_text("Hush, Ada.")).to_have_count(count - 1)


async def test_people_are_switched_by_arrows(stage):
    async with stage.page() as chat:
        await chat.page.get_by_role("radio", name="Ada").focus()
        await chat.page.keyboard.press("ArrowDown")
        await expect(chat.page.get_by_role("radio", name="Ben")).to_be_focused()
        await expect(chat.page.get_by_role("radio", name="Ben")).to_be_checked()
        await expect(chat.at("compose")).to_have_accessible_name("Message #pictures as Ben")


async def test_what_one_writes_the_other_hears_also_from_another_channel(stage):
    async with stage.page(channel="general") as ada, stage.page(user="ben") as ben:
        await ada.at("compose").fill("Hello over there")
        await ada.page.keyboard.press("Enter")
        line = ben.page.get_by_role("button", name="general")
        await expect(line).to_contain_text("new messages")
        await line.click()
        await expect(ben.last).to_contain_text("Hello over there")
        await expect(line).not_to_contain_text("new messages")
        await expect(line).to_have_attribute("aria-current", "page")


async def test_a_screen_reader_hears_new_messages_but_not_every_step(stage):
    async with stage.page() as chat:
        heard = chat.at("announcer")
        await expect(heard).to_have_attribute("aria-live", "polite")
        await stage.play.person("ben").say("A **bold** word")
        await expect(heard.locator("p").last).to_have_text("Ben: A bold word")
        stage.bot.paused.clear()
        await chat.slash("paint", "slowly, heard")
        await expect(heard.locator("p").last).to_contain_text("is thinking")
        stage.bot.paused.set()
        await expect(heard.locator("p").last).to_contain_text("1 / 30")
        said = await heard.locator("p").count()
        stage.bot.paused.set()
        await expect(chat.last).to_contain_text("2 / 30")
        assert await heard.locator("p").count() == said
        stage.bot.paused.set()
        await expect(heard.locator("p")).to_have_count(said + 1)
        await expect(heard.locator("p").last).to_contain_text("slowly, heard")


async def test_the_author_and_the_moderator_delete_and_nobody_else(stage):
    async with stage.page(channel="general") as ada, stage.page("ben", "general") as ben:
        words = {"ada": "mine to keep", "ben": "not for long"}
        for name, content in words.items():
            await stage.play.person(name).at("general").say(content)
        theirs = ben.page.get_by_test_id("message").filter(has_text=words["ada"])
        await theirs.get_by_test_id("more").click()
        await expect(ben.page.get_by_role("menuitem", name="Remix")).to_be_visible()
        await expect(ben.page.get_by_role("menuitem", name="Delete message")).to_have_count(0)
        await ben.page.keyboard.press("Escape")
        his = ada.page.get_by_test_id("message").filter(has_text=words["ben"])
        await his.get_by_test_id("more").click()
        await ada.page.get_by_role("menuitem", name="Delete message").click()
        for seen in (ada, ben):
            gone = seen.page.get_by_test_id("message").filter(has_text=words["ben"])
            await expect(gone).to_have_count(0)


async def test_the_menu_is_walked_by_keys(stage):
    async with stage.page(channel="general") as chat:
        await stage.play.person("ada").at("general").say("walk me")
        message = chat.page.get_by_test_id("message").filter(has_text="walk me").last
        await message.get_by_test_id("more").focus()
        await chat.page.keyboard.press("Enter")
        await expect(chat.page.get_by_role("menuitem", name="Remix")).to_be_focused()
        await chat.page.keyboard.press("ArrowUp")
        await expect(chat.page.get_by_role("menuitem", name="Delete message")).to_be_focused()
        await chat.page.keyboard.press("Escape")
        await expect(message.get_by_test_id("more")).to_be_focused()


async def test_a_reply_shows_what_it_answers(stage):
    ada = stage.play.person("ada").at("general")
    first = await ada.say("The **first** word")
    path = f"/channels/{first['channel_id']}/messages"
    body = {"content": "An answer", "message_reference": {"message_id": first["id"]}}
    status, _ = await stage.play.rest("POST", path, json=body)
    assert status == 200
    async with stage.page(channel="general") as chat:
        message = chat.page.get_by_test_id("message").filter(has_text="An answer").last
        await expect(message.get_by_test_id("reply")).to_contain_text("The first word")


async def test_a_broken_line_is_told_and_mends_itself(stage):
    # Chromium cannot cut a socket that is open: the page's own WebSocket is made breakable.
    breakable = """
        window.lines = [];
        const Real = window.WebSocket;
        window.WebSocket = class extends Real {
          constructor(...all) { super(...all); window.lines.push(this); }
        };"""
    async with stage.page() as chat:
        await chat.page.add_init_script(breakable)
        await chat.page.reload()
        await expect(chat.page.locator("#presence")).to_contain_text("is here")
        await chat.page.evaluate("window.lines.at(-1).close()")
        await expect(chat.page.locator("#presence")).to_have_text("Reconnecting…")
        await stage.play.person("ben").say("said while the line was down")
        await expect(chat.last).to_contain_text("said while the line was down")
        await expect(chat.page.locator("#presence")).to_contain_text("is here")


async def test_an_answer_that_comes_late_does_not_undo_what_was_heard_since(stage):
    ada = stage.play.person("ada")
    await ada.answer(await ada.slash("paint", words="late and stale"))
    message = await ada.message_where(lambda m: "late and stale" in str(m["components"]))

    async def late(route):
        answer = await route.fetch()
        await ada.press(message, "more")
        await expect(card).to_contain_text("again")
        await route.fulfill(response=answer)

    async with stage.page() as chat:
        card = chat.page.locator(f"[data-message-id='{message['id']}']")
        await expect(card).to_contain_text("late and stale")
        await chat.page.route("**/messages?**", late, times=1)
        async with chat.page.expect_response("**/messages?**"):
            await chat.page.evaluate(
                "import('/playground/static/js/socket.js').then((socket) => socket.refresh())"
            )
        await expect(card).to_contain_text("again")
        await chat.page.wait_for_timeout(200)
        await expect(card).to_contain_text("again")
