"""Messages as apps make them: cards, pictures, buttons, selects, edits, classic ones."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.playground.page.stage import PHONE, WIDE

BOXES = """(card) => ['container', 'gallery', 'picture'].map((name) => {
  const box = card.querySelector(`[data-testid=${name}]`).getBoundingClientRect();
  return [box.width, box.height];
})"""
LOADED = """() => [...document.querySelectorAll('[data-testid=message]:last-child .pictures img')]
  .every((image) => image.complete && image.naturalWidth)"""
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]


async def test_a_card_shows_all_its_parts(stage, tmp_path):
    async with stage.page() as chat:
        card = await chat.painted("a fox, all parts")
        box = card.get_by_test_id("container")
        edge = await box.evaluate("(node) => getComputedStyle(node).borderLeftColor")
        assert edge == "rgb(13, 110, 120)"
        await expect(card.get_by_test_id("gallery").get_by_test_id("picture")).to_have_count(4)
        await expect(box.get_by_role("img", name="small")).to_be_visible()
        await expect(box.locator("hr")).to_have_count(1)
        await expect(box.locator(".subtext code")).to_have_text("01JABCDEFGHJKMNPQRSTVWXYZ0")
        names = await box.get_by_test_id("button").all_inner_texts()
        assert [name.split("\n")[-1] for name in names] == [
            *("New seed", "Other adapters 1/6", "Edit prompt", "Details", "🗑️"),
            *("U1", "U2", "U3", "U4", "❤️"),
        ]
        await expect(box.get_by_role("button", name="New seed", exact=True)).to_be_visible()
        await expect(box.get_by_role("button", name="🗑️", exact=True)).to_be_visible()
        await chat.shot(tmp_path, "card")


async def test_four_pictures_are_two_by_two_and_none_is_cut(stage):
    async with stage.page() as chat:
        card = await chat.painted("a fox, two by two")
        cells = card.get_by_test_id("gallery").get_by_test_id("picture")
        boxes = [await cells.nth(n).bounding_box() for n in range(4)]
        assert (
            len({round(box["x"]) for box in boxes}) == len({round(box["y"]) for box in boxes}) == 2
        )
        for box in boxes:  # pictures of 384 × 256
            assert box["width"] / box["height"] == pytest.approx(1.5, rel=0.01)


async def test_any_number_of_pictures_fills_a_rectangle(stage):
    async with stage.page() as chat:
        for count in (1, 2, 3, 5, 7, 8, 10):
            await stage.play.person("ada").slash("paint", words=f"{count} foxes", pictures=count)
            gallery = chat.last.get_by_test_id("gallery")
            await expect(gallery.get_by_test_id("picture")).to_have_count(count)
            boxes, whole = await gallery.evaluate(  # at one moment
                """(all) => [
                  [...all.querySelectorAll('[data-testid=picture]')].map(
                    (node) => node.getBoundingClientRect().toJSON()
                  ),
                  all.clientWidth,
                ]"""
            )
            assert len(boxes) == count
            rows = {round(box["y"]): [] for box in boxes}
            for box in boxes:
                rows[round(box["y"])].append(box)
            for row in rows.values():
                gaps = 4 * (len(row) - 1)
                assert sum(box["width"] for box in row) + gaps == pytest.approx(whole, abs=2)
                assert len({round(box["height"]) for box in row}) == 1


@pytest.mark.parametrize("shape", [PHONE, WIDE], ids=["phone", "wide"])
@pytest.mark.parametrize("count", [1, 2, 4])
async def test_nothing_moves_when_the_pictures_come(stage, shape, count):
    gate = asyncio.Event()

    async def hold(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    async with stage.page(shape=shape) as chat:
        await chat.page.route("**/*.png*", hold)
        await stage.play.person("ada").slash("paint", words=f"{count} voles", pictures=count)
        card = chat.page.get_by_test_id("message").filter(has_text=f"{count} voles").last
        shown = card.get_by_test_id("gallery").get_by_test_id("picture")
        await expect(shown).to_have_count(count)
        await expect(card.locator("[data-custom-id=keep]")).to_have_count(1)
        before = await card.evaluate(BOXES)
        gate.set()
        await chat.page.wait_for_function(LOADED)
        assert await card.evaluate(BOXES) == before
        assert before[1][0] > 100


async def test_a_picture_opens_large_and_the_keys_walk_and_the_focus_returns(stage, tmp_path):
    async with stage.page() as chat:
        card = await chat.painted("a fox, large")
        second = card.get_by_test_id("gallery").get_by_test_id("picture").nth(1)
        await second.focus()
        await chat.page.keyboard.press("Enter")
        large = chat.at("large")
        await expect(large.get_by_test_id("large-count")).to_have_text("2 of 4")
        await expect(large.get_by_test_id("large-alt")).to_have_text("Picture 2: a fox, large")
        await expect(large.get_by_test_id("large-picture")).to_have_attribute(
            "alt", "Picture 2: a fox, large"
        )
        loaded = "(image) => image.complete && image.naturalWidth"
        assert await large.get_by_test_id("large-picture").evaluate(loaded) == 384
        await chat.shot(tmp_path, "large")
        await chat.page.keyboard.press("ArrowRight")
        await expect(large.get_by_test_id("large-count")).to_have_text("3 of 4")
        for _ in range(3):
            await large.get_by_test_id("large-previous").click()
        await expect(large.get_by_test_id("large-count")).to_have_text("4 of 4")
        await chat.page.keyboard.press("ArrowRight")
        await expect(large.get_by_test_id("large-count")).to_have_text("1 of 4")
        await chat.page.keyboard.press("Escape")
        await expect(large).to_have_count(0)
        await expect(second).to_be_focused()


async def test_a_button_reaches_the_bot_once_though_pressed_twice(stage):
    async with stage.page() as chat:
        card = await chat.painted("a fox, twice")
        before = len(stage.bot.seen)
        # In one task: a mouse's second click may come after the answer, and is a new press then.
        twice = "(node) => { node.click(); node.click(); }"
        await card.locator("[data-custom-id='u:2']").evaluate(twice)
        await expect(card.locator("[data-custom-id='u:2'][aria-busy]")).to_have_count(0)
        assert stage.bot.seen[before:] == [{"pressed": "u:2", "values": None}]


async def test_an_edit_arrives_live_keeps_the_focus_and_says_that_it_is_one(stage):
    async with stage.page() as chat, stage.page(user="ben") as other:
        card = await chat.painted("a fox, live")
        name = await card.get_attribute("data-message-id")
        mine, theirs = (one.page.locator(f"[data-message-id='{name}']") for one in (chat, other))
        await mine.locator("[data-custom-id=more]").focus()
        await chat.page.keyboard.press("Enter")
        for seen in (mine, theirs):
            await expect(seen.get_by_test_id("gallery").get_by_test_id("picture")).to_have_count(2)
            await expect(seen.get_by_test_id("edited")).to_have_text("(edited)")
        await expect(mine.locator("[data-custom-id=more]")).to_be_focused()


async def test_a_button_that_nobody_answers_says_so_at_its_message(stage):
    async with stage.page() as chat:
        card = await chat.painted("a fox, unanswered")
        await card.locator("[data-custom-id=mute]").click()
        await expect(card.locator("[data-custom-id=mute]")).to_have_attribute("aria-busy", "true")
        await expect(card.get_by_test_id("failure")).to_have_text("This interaction failed.")
        await expect(card.locator("[data-custom-id=mute]")).not_to_have_attribute(
            "aria-busy", "true"
        )
        await card.locator("[data-custom-id=seed]").click()
        await expect(card.get_by_test_id("failure")).to_have_count(0)


async def test_a_multiple_select_by_keys_alone(stage, tmp_path):
    async with stage.page() as chat:
        card = await chat.painted("a fox, keys")
        before = len(stage.bot.seen)
        trigger = card.get_by_test_id("select")
        await expect(trigger).to_have_accessible_name(
            "Adapters: choose which stay on: Ink & Wash, Night City"
        )
        await trigger.focus()
        await chat.page.keyboard.press("ArrowDown")
        listbox = chat.page.get_by_role("listbox", name="Adapters: choose which stay on")
        await expect(listbox).to_be_focused()
        await expect(listbox).to_have_attribute("aria-multiselectable", "true")
        await chat.page.keyboard.press("Space")  # off: Ink & Wash
        await chat.page.keyboard.type("pap")
        await chat.page.keyboard.press("Space")
        await chat.page.keyboard.press("End")
        await chat.page.keyboard.press("Space")
        chosen = chat.page.locator("[role=option][aria-selected=true] .option-label")
        assert await chosen.all_inner_texts() == ["Night City", "Paper Fox", "Inkling"]
        await chat.page.keyboard.press("ArrowUp")
        await chat.page.keyboard.press("Space")  # a fourth does not fit
        assert await chosen.count() == 3
        await chat.shot(tmp_path, "select")
        await chat.page.keyboard.press("Enter")
        await expect(trigger).to_be_focused()
        await expect(card.locator("[data-custom-id=keep][aria-busy]")).to_have_count(0)
        assert stage.bot.seen[before:] == [{"pressed": "keep", "values": ["1", "2", "4"]}]


async def test_a_select_is_left_by_escape_and_by_a_press_outside(stage):
    async with stage.page() as chat:
        card = await chat.painted("a fox, left alone")
        before = len(stage.bot.seen)
        for leave in (
            lambda: chat.page.keyboard.press("Escape"),
            lambda: chat.page.mouse.click(5, 5),
        ):
            await card.get_by_test_id("select").click()
            await chat.at("sheet").get_by_role("option").first.click()
            await leave()
            await expect(chat.at("sheet")).to_have_count(0)
            await expect(card.get_by_test_id("select")).to_be_focused()
        assert len(stage.bot.seen) == before


async def test_a_press_is_not_lost_when_the_message_is_edited_under_it(stage):
    async with stage.page() as chat:
        await chat.painted("a fox, pressed")
        other = stage.play.person("ben")
        message = await other.message_where(lambda m: "a fox, pressed" in str(m["components"]))
        card = chat.page.locator(f"[data-message-id='{message['id']}']")
        before = len(stage.bot.seen)
        await card.locator("[data-custom-id='u:1']").hover()
        await chat.page.mouse.down()
        await other.press(message, "more")
        await other.message_where(lambda m: m["id"] == message["id"] and m["edited_timestamp"])
        await chat.page.wait_for_timeout(300)
        await chat.page.mouse.up()
        await expect(card).to_contain_text("again")
        await expect(card.locator("[aria-busy]")).to_have_count(0)
        assert [one["pressed"] for one in stage.bot.seen[before:]] == ["more", "u:1"]


async def test_a_sheet_stays_open_while_its_message_is_edited(stage):
    async with stage.page() as chat:
        card = await chat.painted("a fox, sheet")
        other = stage.play.person("ben")
        message = await other.message_where(lambda m: "a fox, sheet" in str(m["components"]))
        await card.get_by_test_id("select").click()
        await other.press(message, "more")
        await expect(chat.page.locator(f"[data-message-id='{message['id']}']")).to_contain_text(
            "again"
        )
        await expect(chat.at("sheet")).to_be_visible()
        await chat.page.keyboard.press("Escape")
        again = chat.page.locator(f"[data-message-id='{message['id']}']")
        await expect(again.get_by_test_id("select")).to_be_focused()


async def test_a_classic_message_has_embed_files_and_buttons_of_five_styles(stage, tmp_path):
    async with stage.page() as chat:
        await chat.slash("classic")
        await expect(chat.last).to_contain_text("A classic message")
        await expect(chat.last.get_by_test_id("embed")).to_contain_text("from the catalogue")
        await expect(chat.last.get_by_test_id("gallery").get_by_role("button")).to_have_count(1)
        file = chat.last.get_by_test_id("file")
        await expect(file).to_contain_text("notes.txt")
        async with chat.page.expect_download() as fetched:
            await file.click()
        assert (await (await fetched.value).path()).read_bytes() == b"some words"
        styles = await chat.last.locator("[data-style]").evaluate_all(
            "(all) => all.map((node) => node.dataset.style)"
        )
        assert styles[:5] == ["primary", "secondary", "success", "danger", "link"]
        link = chat.last.get_by_role("link", name="Elsewhere")
        await expect(link).to_have_attribute("href", "https://example.org/x")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(chat.last.get_by_role("button", name="Off")).to_be_disabled()
        before = len(stage.bot.seen)
        await chat.last.get_by_test_id("select").click()
        await chat.page.get_by_role("option", name="Paper Fox").click()
        await expect(chat.last.locator("[data-custom-id=one][aria-busy]")).to_have_count(0)
        assert stage.bot.seen[before:] == [{"pressed": "one", "values": ["Paper Fox"]}]
        await chat.shot(tmp_path, "classic")


async def test_the_log_stays_at_its_end_and_stays_put_when_one_reads_above(stage):
    async with stage.page(channel="general") as chat:
        ben = stage.play.person("ben").at("general")
        for n in range(40):
            await ben.say(f"line {n} " + "words " * 12)
        await expect(chat.last).to_contain_text("line 39")
        rest = "() => { const log = document.querySelector('#log'); return Math.round(log.scrollHeight - log.scrollTop - log.clientHeight) }"
        assert await chat.page.evaluate(rest) <= 1
        await chat.page.evaluate("document.querySelector('#log').scrollTop = 100")
        await expect(chat.page.locator("#newer")).to_be_hidden()
        await ben.say("the newest")
        await expect(chat.page.locator("#newer")).to_be_visible()
        assert await chat.page.evaluate("document.querySelector('#log').scrollTop") == 100
        await chat.page.locator("#newer").click()
        await expect(chat.last).to_be_in_viewport()
        await expect(chat.page.locator("#newer")).to_be_hidden()
