"""Everybody reaches everything: by keys, with a screen reader, with a thumb on a phone."""

import pytest
from playwright.async_api import expect

from tests.playground.page.stage import PHONE, WIDE

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

LEAST = 44  # pixels
# Links within a sentence are as large as their words, as everywhere.
TARGETS = """() => [...document.querySelectorAll(
    'button, [role=button], [role=option], input:not([type=file]), select, textarea, label.drop, label.mark-line, a:not(.link)')]
  .filter((node) => node.checkVisibility({ checkVisibilityCSS: true }) && !node.closest('[inert]')
    && (!document.querySelector('dialog[open]') || node.closest('dialog[open]'))
    && !node.matches('.skip, label.mark-line input'))
  .map((node) => [node.outerHTML.slice(0, 90), node.getBoundingClientRect()])
  .filter(([, box]) => box.width < LEAST - 0.1 || box.height < LEAST - 0.1)
  .map(([text, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${text}`)""".replace(
    "LEAST", str(LEAST)
)
NAMELESS = """() => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=listbox], dialog, nav, img')]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length
    || node.hasAttribute('alt') || node.querySelector('img[alt]:not([alt=""])') || node.getAttribute('aria-labelledby')))
  .map((node) => node.outerHTML.slice(0, 120))"""


async def fits(chat):
    await chat.no_wider_than_it_is()
    assert await chat.page.evaluate(TARGETS) == []


async def names(chat):
    assert await chat.page.evaluate(NAMELESS) == []
    assert (
        await chat.page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
    )


async def test_on_a_phone_one_asks_and_all_fits_and_is_large_enough(stage, tmp_path):
    async with stage.page(channel="after-dark", shape=PHONE) as chat:
        await chat.shot(tmp_path, "phone-empty")
        await fits(chat)
        await chat.page.get_by_role("button", name="Channels and people").tap()
        await expect(chat.page.get_by_role("button", name="general")).to_be_in_viewport()
        await chat.page.wait_for_timeout(250)  # the drawer slides
        await chat.shot(tmp_path, "phone-drawer")
        await fits(chat)
        await chat.page.keyboard.press("Escape")
        await expect(chat.page.get_by_role("button", name="Channels and people")).to_be_focused()
        await chat.at("commands-button").tap()
        await chat.shot(tmp_path, "phone-commands")
        await fits(chat)
        await chat.at("commands").get_by_role("option", name="/paint").tap()
        for chip in ("adapter", "pictures", "style", "private", "base"):
            await chat.page.locator(f"[data-chip={chip}]").tap()
        await chat.page.get_by_role("combobox", name="adapter").tap()
        await expect(chat.at("suggestions").get_by_role("option")).to_have_count(5)
        await chat.shot(tmp_path, "phone-command")
        await fits(chat)
        await chat.at("suggestions").get_by_role("option", name="Paper Fox").tap()
        await chat.page.get_by_role("textbox", name="words").fill("a fox in the rain, watercolour")
        await chat.at("send").tap()
        card = chat.last
        await expect(card.get_by_test_id("gallery").get_by_test_id("picture")).to_have_count(4)
        await chat.shot(tmp_path, "phone-card")
        await fits(chat)


async def test_on_a_phone_one_answers_and_all_fits_and_is_large_enough(stage, tmp_path):
    async with stage.page(channel="after-dark", shape=PHONE) as chat:
        card = await chat.painted("a fox on a phone")
        await card.get_by_test_id("select").tap()
        await chat.page.get_by_role("option", name="Glass Garden").tap()
        await chat.shot(tmp_path, "phone-select")
        await fits(chat)
        await chat.at("apply").tap()
        await card.locator("[data-custom-id=info]").tap()
        await expect(chat.last.get_by_test_id("only-you")).to_be_visible()
        await chat.shot(tmp_path, "phone-ephemeral")
        await fits(chat)
        await card.get_by_test_id("more").tap()
        await chat.shot(tmp_path, "phone-menu")
        await fits(chat)
        await chat.page.keyboard.press("Escape")
        card = (
            chat.page.get_by_test_id("message")
            .filter(has=chat.page.locator("[data-custom-id=keep]"))
            .last
        )
        await card.locator("[data-custom-id=edit]").tap()
        await expect(chat.at("modal")).to_be_visible()
        await chat.shot(tmp_path, "phone-modal")
        await fits(chat)
        await chat.at("modal-cancel").tap()
        await card.get_by_test_id("gallery").get_by_test_id("picture").nth(2).tap()
        await expect(chat.at("large-count")).to_have_text("3 of 4")
        await chat.shot(tmp_path, "phone-large")
        await fits(chat)
        await chat.at("large-next").tap()
        await expect(chat.at("large-count")).to_have_text("4 of 4")
        await chat.at("large-close").tap()
        await expect(chat.at("large")).to_have_count(0)


async def test_a_swipe_turns_the_page(stage):
    swipe = """(node) => {
      const touch = (clientX) => new Touch({ identifier: 1, target: node, clientX, clientY: 300 });
      node.dispatchEvent(new TouchEvent('touchstart', { touches: [touch(300)], bubbles: true }));
      node.dispatchEvent(new TouchEvent('touchend', { changedTouches: [touch(120)], bubbles: true }));
    }"""
    async with stage.page(shape=PHONE) as chat:
        await stage.play.person("ada").slash("paint", words="swiped", pictures=3)
        await expect(chat.last.get_by_test_id("gallery").get_by_test_id("picture")).to_have_count(3)
        await chat.last.get_by_test_id("gallery").get_by_test_id("picture").first.tap()
        await chat.at("large").evaluate(swipe)
        await expect(chat.at("large-count")).to_have_text("2 of 3")


async def test_from_the_first_key_to_the_last_without_a_mouse(stage, tmp_path):
    async with stage.page() as chat:
        keys = chat.page.keyboard
        await keys.press("Tab")
        await expect(chat.page.get_by_role("link", name="To the message box")).to_be_focused()
        await keys.press("Enter")
        await expect(chat.at("compose")).to_be_focused()
        await keys.type("/paint a fox by keys")
        await expect(chat.page.get_by_role("textbox", name="words")).to_have_value("a fox by keys")
        await keys.press("Tab")
        await expect(chat.page.locator("[data-chip=adapter]")).to_be_focused()
        await keys.press("Enter")
        await expect(chat.at("suggestions").get_by_role("option").first).to_be_visible()
        await keys.type("pap")
        await expect(chat.at("suggestions").get_by_role("option")).to_have_count(1)
        await keys.press("Enter")
        await keys.press("Enter")
        # Cards of other tests stand above: wait for this one's.
        await expect(chat.last).to_contain_text("a fox by keys")
        await expect(chat.last.get_by_test_id("select")).to_be_visible()
        await expect(chat.at("compose")).to_be_focused()
        assert [await chat.back() for _ in range(3)] == ["commands-button", "more", "keep"]
        await expect(chat.last.get_by_test_id("select")).to_be_focused()
        outline = await chat.last.get_by_test_id("select").evaluate(
            "(node) => [getComputedStyle(node).outlineStyle, getComputedStyle(node).outlineWidth]"
        )
        assert outline == ["solid", "2px"]
        await chat.shot(tmp_path, "focus")
        await keys.press("Enter")
        await keys.press("Space")
        await keys.press("Enter")
        await expect(chat.last.locator("[data-custom-id=keep][aria-busy]")).to_have_count(0)
        assert stage.bot.seen[-1] == {"pressed": "keep", "values": ["1"]}


async def test_everything_has_a_name_and_the_landmarks_are_there(stage):
    async with stage.page(channel="lobby") as chat:
        card = await chat.painted("a fox with a name")
        for role, name in (
            ("main", None),
            ("navigation", "Channels"),
            ("complementary", "Channels and people"),
            ("form", "Write a message"),
            ("region", "#lobby"),
            ("log", "New messages"),
        ):
            await expect(chat.page.get_by_role(role, name=name)).to_have_count(1)
        await names(chat)
        await card.get_by_test_id("select").click()
        await names(chat)
        await chat.page.keyboard.press("Escape")
        await card.locator("[data-custom-id=edit]").click()
        await expect(chat.at("modal")).to_be_visible()
        await names(chat)
        await chat.page.keyboard.press("Escape")
        await chat.choose("paint")
        for chip in ("adapter", "pictures", "style", "seed", "private", "base"):
            await chat.page.locator(f"[data-chip={chip}]").click()
        await names(chat)


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] + below[at] * (1 - top[3])).concat(1);
  const ground = (node) => { const layers = []; for (let at = node; at; at = at.parentElement)
    layers.unshift(rgba(getComputedStyle(at).backgroundColor)); return layers.reduce((below, top) => over(top, below), [255, 255, 255, 1]); };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const bad = [];
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (node.closest(':disabled, .avatar, .emoji, [inert], .unseen, .skip, [aria-busy=true], noscript')) continue;
    const below = ground(node);
    const [one, other] = [light(over(rgba(getComputedStyle(node).color), below)), light(below)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)}: ${walk.currentNode.data.slice(0, 40)}`);
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_ground(stage, scheme, tmp_path):
    async with stage.page(channel="lobby", shape=WIDE, color_scheme=scheme) as chat:
        await chat.slash("classic")
        card = await chat.painted("a fox that stands out")
        await card.locator("[data-custom-id=info]").click()
        await expect(chat.last.get_by_test_id("only-you")).to_be_visible()
        await chat.shot(tmp_path, f"{scheme}-card")
        assert await chat.page.evaluate(CONTRAST) == []
        await chat.choose("paint")
        await chat.page.locator("[data-chip=pictures]").click()
        await chat.page.keyboard.press("Enter")
        await expect(chat.page.get_by_text("Please fill in words.")).to_be_visible()
        assert await chat.page.evaluate(CONTRAST) == []
        await chat.shot(tmp_path, f"{scheme}-command")
        await chat.page.keyboard.press("Escape")
        await card.locator("[data-custom-id=edit]").click()
        await expect(chat.at("modal")).to_be_visible()
        assert await chat.page.evaluate(CONTRAST) == []
        await chat.shot(tmp_path, f"{scheme}-modal")
