"""Words that want to be more than words: everywhere they can stand, they stay words."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

WORDS = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    '"><svg onload=window.hit=1>',
    "[x](javascript:window.hit=1) javascript:window.hit=1",
    "@everyone @here <@&1> <@1> <#1>",
    "\u202egnp.exe\u202c \u2067right to left\u2069 مرحبا بالعالم",
    "W" * 900,
    "zero\u200bwidth\ufeff \u0301\u0301\u0301" + "a" + "\u0301" * 60,
    "https://127.0.0.1:1/" + "x" * 400,
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1}",
    "constructor __proto__ toString",
]


async def is_calm(chat):
    """Nothing ran, nothing was added that is no part of the page, nothing grew too wide."""
    assert await chat.page.evaluate("window.hit") is None
    strangers = "document.querySelectorAll('.messages :is(script, iframe, object, embed, style, link)').length"
    assert await chat.page.evaluate(strangers) == 0
    outside = "[...document.images].filter((one) => !one.src.startsWith(location.origin)).length"
    assert await chat.page.evaluate(outside) == 0
    await chat.no_wider_than_it_is()


async def test_in_text_in_cards_in_embeds_and_in_what_a_person_writes(stage, tmp_path):
    ada = stage.play.person("ada").at("general")
    async with stage.page(channel="general") as chat:
        for words in WORDS:
            await ada.say(words)
            await ada.answer(await ada.slash("plain", words=words))
            await ada.answer(await ada.slash("echo", words=words))
            await ada.answer(await ada.slash("classic", words=words))
            await expect(chat.last.get_by_test_id("embed")).to_have_count(1)
        await is_calm(chat)
        await chat.shot(tmp_path, "hostile")
        first = chat.page.get_by_test_id("message").filter(has_text=WORDS[0])
        await expect(first.first).to_be_visible()
        await chat.last.get_by_test_id("select").click()
        await chat.page.keyboard.press("Escape")
        await (
            chat.page.get_by_test_id("message")
            .filter(has=chat.page.locator("[data-custom-id=echoed]"))
            .first.get_by_test_id("picture")
            .click()
        )
        await expect(chat.at("large-alt")).to_have_text(WORDS[0])
        await is_calm(chat)


async def test_the_other_way_round_stays_within_its_message(stage):
    ada = stage.play.person("ada").at("general")
    async with stage.page(channel="general") as chat:
        await ada.say(WORDS[5])
        await expect(chat.last.locator(".prose")).to_contain_text("مرحبا")
        left, right = await chat.last.locator(".message-head").evaluate(
            "(head) => ['.author', 'time'].map((one) => head.querySelector(one).getBoundingClientRect().x)"
        )
        assert left < right
        await ada.say("مرحبا بالعالم, fox")
        text = chat.last.locator(".prose p")
        await expect(text).to_contain_text("fox")
        assert await text.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
        body = "getComputedStyle(document.body).direction"
        assert await chat.page.evaluate(body) == "ltr"


async def test_a_picture_from_elsewhere_is_not_fetched(stage):
    path = f"/channels/{await stage.play.channel('general')}/messages"
    media = {"media": {"url": "https://example.org/spy.png"}, "description": "a spy"}
    body = {"flags": 1 << 15, "components": [{"type": 12, "items": [media]}]}
    status, _ = await stage.play.rest("POST", path, json=body)
    assert status == 200
    asked = []
    async with stage.page() as chat:
        chat.page.on("request", lambda request: asked.append(request.url))
        await chat.page.get_by_role("button", name="general").click()
        await expect(chat.page.get_by_text("a spy").last).to_be_visible()
        await chat.page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "example.org" in url]


async def test_the_page_allows_no_foreign_and_no_inline_code(stage):
    async with stage.page() as chat:
        await chat.page.evaluate(
            """() => {
                 const node = document.createElement('img');
                 node.setAttribute('onerror', 'window.hit = 1');
                 node.src = 'nothing-there.png';
                 document.body.append(node);
                 window.policy = new Promise((done) =>
                   document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective)));
               }"""
        )
        assert await chat.page.evaluate("window.policy") == "script-src-attr"
        assert await chat.page.evaluate("window.hit") is None
        chat.errors.clear()  # Chromium complains, and should
