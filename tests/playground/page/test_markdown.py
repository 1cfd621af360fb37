"""The markdown that chats write, case by case, as the page's own module reads it."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

STRONG, EM, UNDER, STRIKE = "strong", "em", "underline", "strike"
CASES: list[tuple[str, list[object]]] = [
    ("plain words", ["plain words"]),
    ("**bold** and *italic* and _italic_", [[STRONG, "bold"], " and ", [EM, "italic"], " and ", [EM, "italic"]]),
    ("***both***", [[STRONG, [EM, "both"]]]),
    ("**bold *italic***", [[STRONG, "bold ", [EM, "italic"]]]),
    ("__under__ ~~gone~~ ||hidden||", [[UNDER, "under"], " ", [STRIKE, "gone"], " ", ["spoiler", "hidden"]]),
    ("snake_case_name and 2 * 3 * 4", ["snake_case_name and 2 * 3 * 4"]),
    ("**never closed", ["**never closed"]),
    ("****", ["****"]),
    (r"\*not\* \_this\_ \`either\`", ["*not* _this_ `either`"]),
    ("`code **raw**` after", [["code", "code **raw**"], " after"]),
    ("``a ` b``", [["code", "a ` b"]]),
    ("`open", ["`open"]),
    ("[words](https://example.org/a)", [["link", "https://example.org/a", "words"]]),
    ("[words](<https://example.org/a>)", [["link", "https://example.org/a", "words"]]),
    ("[x](https://example.org/a_(b))", [["link", "https://example.org/a_(b)", "x"]]),
    ("[x](javascript:alert(1))", ["[x](javascript:alert(1))"]),
    ("[x](data:text/html,hi)", ["[x](data:text/html,hi)"]),
    ("see https://example.org/x_y, please", ["see ", ["link", "https://example.org/x_y", "https://example.org/x_y"], ", please"]),
    ("<https://example.org>", [["link", "https://example.org", "https://example.org"]]),
    ("<t:1700000000:R> <t:1700000000>", [["time", 1700000000, "R"], " ", ["time", 1700000000, "f"]]),
    ("<@12> <@!12> <@&3> <#4>", [["user", "12"], " ", ["user", "12"], " ", ["role", "3"], " ", ["channel", "4"]]),
    ("</adapters browse:77>", [["command", "adapters browse"]]),
    ("<:fox:123> <a:fox:123>", [["emoji", "fox"], " ", ["emoji", "fox"]]),
    ("@everyone @here", ["@everyone @here"]),
    ("<script>alert(1)</script>", ["<script>alert(1)</script>"]),
    ("one\ntwo", ["one\ntwo"]),
]  # fmt: skip
BLOCKS: list[tuple[str, list[str]]] = [
    ("# A\n## B\n### C\n#### D", ["heading 1", "heading 2", "heading 3", "paragraph"]),
    ("-# small\nbig", ["subtext", "paragraph"]),
    ("- a\n- b\n  - c\n1. d", ["list 0 0 1 0"]),
    ("> a\n> b\nc", ["quote", "paragraph"]),
    (">>> a\nb\nc", ["quote"]),
    ("before\n```py\nprint(1)\n```\nafter", ["paragraph", "code py", "paragraph"]),
    ("```one line```", ["code "]),
    ("``` never closed", ["paragraph"]),
    ("#nospace\n-nospace\n>nospace", ["paragraph"]),
    ("", []),
    ("\n\n", []),
]
READ = """([cases, blocks]) => import('/playground/static/js/markdown.js').then(({ parse, inline }) => {
  const brief = (node) => typeof node === 'string' ? node
    : [node.kind, ...['url', 'text', 'id', 'name', 'seconds', 'style'].filter((key) => key in node)
        .map((key) => node[key]), ...(node.inside ?? []).map(brief)];
  const block = (one) => [one.kind, one.level, one.language, ...(one.items ?? []).map((item) => item.level)]
    .filter((part) => part !== undefined).join(' ');
  return [cases.map((text) => inline(text).map(brief)), blocks.map((text) => parse(text).map(block))];
})"""


async def test_every_case(stage):
    async with stage.page(channel="no-files") as chat:
        texts = [[text for text, _ in CASES], [text for text, _ in BLOCKS]]
        spans, blocks = await chat.page.evaluate(READ, texts)
        for (text, wanted), found in zip(CASES, spans, strict=True):
            assert json.dumps(found) == json.dumps(wanted), text
        for (text, shape), found in zip(BLOCKS, blocks, strict=True):
            assert found == shape, text


async def test_no_text_keeps_it_busy(stage):
    """Four thousand characters of the worst: each is read in a moment, all of it is kept."""
    worst = [
        "*",
        "_",
        "`",
        "|",
        "~",
        "[",
        "(",
        "<",
        ">",
        "> ",
        "- ",
        "**a ",
        "`a``",
        "[a](",
        "\\",
        "||a",
        "***a",
    ]
    worst += ["https://(", "```", "> > ", "*a_b`c|d~", "[*_", "<t:1", "<@", "_a*"]
    timed = """(texts) => import('/playground/static/js/markdown.js').then(({ parse }) =>
      texts.map((text) => {
        const from = performance.now();
        parse(text);
        return performance.now() - from;
      }))"""
    async with stage.page(channel="no-files") as chat:
        texts = [(part * 4000)[:4000] for part in worst]
        spent = await chat.page.evaluate(timed, texts)
        slow = {part: ms for part, ms in zip(worst, spent, strict=True) if ms > 500}
        assert not slow


async def test_moments_are_said_in_words_and_nonsense_stays_text(stage):
    ben = stage.play.person("ben").at("no-files")
    async with stage.page(channel="no-files") as chat:
        await ben.say("at <t:1700000000:D>, long ago <t:0:R>, never <t:99999999999999999:R>")
        times = chat.last.locator("time.moment")
        assert await times.all_inner_texts() == [
            "November 14, 2023",
            await times.nth(1).inner_text(),
        ]
        await expect_ago(times.nth(1))
        assert "never <t:99999999999999999:R>" in await chat.last.inner_text()


async def expect_ago(node):
    assert (await node.inner_text()).endswith("years ago")
    assert await node.get_attribute("datetime") == "1970-01-01T00:00:00.000Z"


async def test_links_show_where_they_lead(stage):
    async with stage.page(channel="no-files") as chat:
        ben = stage.play.person("ben").at("no-files")
        await ben.say("[your bank](https://example.org/steal) <@%s>" % await who(stage, "ada"))
        link = chat.last.get_by_role("link", name="your bank")
        assert await link.get_attribute("target") == "_blank"
        assert "noopener" in str(await link.get_attribute("rel"))
        assert "your bank (example.org) @Ada" in await chat.last.inner_text()


async def who(stage, name):
    users = (await stage.play.world())["users"]
    return next(user["id"] for user in users if user["username"] == name)
