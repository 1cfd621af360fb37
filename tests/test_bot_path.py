"""The whole path on the wire: the real bot process, the strict stand-in, a sleepy worker.

One bot serves the tests of this file; those that end a bot start their own.
"""

import struct
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from stylus_engine.model import Request
from tests.playground.driver import until
from tests.reading import buttons, hidden, is_card, job_of, parts, pictures, text
from tests.stage import PROMPT, Json, Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("bot")) as made:
        yield made


def adapters_of(card: Json) -> list[str]:
    """The line under the gallery for each picture."""
    return [line for line in text(card).splitlines() if line[:1].isdigit() and " · " in line]


async def test_imagine_becomes_a_card(stage: Stage):
    pressed = await stage.ada.slash("imagine", prompt=f"{PROMPT} —ar 3:2 --seed 7 —no “big hats”")
    answer = await stage.ada.answer(pressed)
    assert answer["type"] == 4
    first = answer["message"]
    assert PROMPT in text(first)
    assert "—ar" not in text(first)
    assert list(buttons(first)) == ["cancel"]
    assert not hidden(first)
    card = await stage.card(stage.ada, first["id"])
    assert len(pictures(card)) == 4
    assert "seed 7" in text(card)
    assert len(set(adapters_of(card))) == 4
    assert (await stage.ada.read(pictures(card)[0])).startswith(b"\x89PNG")
    request = stage.request(card)
    assert (request.aspect, request.negative, request.policy.most_rating) == (
        "3:2",
        "big hats",
        "pg13",
    )


async def test_options_reach_the_request(stage: Stage):
    card = await stage.imagine(
        stage.ada, prompt="a fox --seed 3", seed=11, count=2, aspect="16:9", style_strength="low",
        negative="text", adapters="Ink A",
    )  # fmt: skip
    assert len(pictures(card)) == 2
    request = stage.request(card)
    assert (request.seed, request.count, request.aspect) == (11, 2, "16:9")
    assert (request.strength, request.negative) == (0.6, "text")
    assert request.pinned == ("sleepy:ink-a:1",)


async def test_adapters_can_be_off(stage: Stage):
    pressed = await stage.ada.slash("imagine", prompt="a fox", adapters="off", count=1)
    await stage.ada.answer(pressed)
    [(raw,)] = stage.rows("SELECT request FROM jobs ORDER BY made_at DESC, id DESC LIMIT 1")
    assert msgspec.json.decode(raw, type=Request).preset == "base"


async def test_a_name_nobody_knows_is_refused(stage: Stage):
    told = await stage.told(stage.ada, "imagine", prompt="a fox", adapters="Moonlit Nonsense")
    assert hidden(told)
    assert "Moonlit Nonsense" in text(told)


async def test_every_button_of_a_card(stage: Stage):
    card = await stage.imagine(stage.ada, seed=7)
    reseeded = await stage.derived(stage.ben, card, "seed")
    assert adapters_of(reseeded) == adapters_of(card)
    assert "seed 7 " not in text(reseeded)
    single = await stage.derived(stage.ben, card, "u:1")
    assert len(pictures(single)) == 1
    assert "seed 8" in text(single)
    kept = await stage.derived(stage.ben, card, "keep", values=["0", "2"])
    assert {line.partition(" · ")[2] for line in adapters_of(kept)} == {"Ink A 0.8 + Night A 0.8"}
    details = await stage.press(stage.ben, card, "info")
    assert hidden(details["message"])
    assert job_of(card) in text(details["message"])
    for word in ("Kept", "No longer"):
        liked = await stage.press(stage.ben, card, "fav")
        assert word in text(liked["message"])


async def test_other_adapters_three_times_repeat_no_mask(stage: Stage):
    card = await stage.imagine(stage.ada)
    seen = adapters_of(card)
    for _ in range(3):
        card = await stage.derived(stage.ada, card, "mask")
        seen += adapters_of(card)
    masks = [line.partition(" · ")[2] for line in seen]
    assert len(masks) == 16
    assert len(set(masks)) == 16


async def test_the_edit_window_makes_a_job_of_its_own(stage: Stage):
    card = await stage.imagine(stage.ada, seed=7)
    pressed = await stage.ben.press(card, buttons(card)["edit"])
    answer = await stage.ben.answer(pressed)
    assert answer["type"] == 9
    typed = await stage.ben.submit(
        pressed, prompt="a fox in snow —no hats", negative="", aspect=["16:9"]
    )
    edited = await stage.card(stage.ben, (await stage.ben.answer(typed))["message"]["id"])
    assert "a fox in snow" in text(edited)
    assert "seed 7 " in text(edited)
    [(root, source, raw)] = stage.rows(
        f"SELECT root_job, source, request FROM jobs WHERE id = '{job_of(edited)}'"  # noqa: S608 - as above
    )
    assert (root, source) == (job_of(edited), job_of(card))
    request = msgspec.json.decode(raw, type=Request)
    assert (request.prompt, request.negative, request.aspect) == ("a fox in snow", "hats", "16:9")


async def test_a_flag_that_nobody_understands_is_told_and_stays(stage: Stage):
    typed = "a fox --stylize 100 --seed 7 --ar 9:1"
    card = await stage.imagine(stage.ada, prompt=typed)
    assert stage.request(card).prompt == "a fox --stylize 100 --ar 9:1"
    told = "Not understood, so it stays in the prompt: --stylize 100 · --ar 9:1"
    assert told in text(card).replace("\\", "")
    details = await stage.press(stage.ben, card, "info")
    assert told in text(details["message"]).replace("\\", "")
    pressed = await stage.ada.press(card, buttons(card)["edit"])
    await stage.ada.answer(pressed)
    again = await stage.ada.submit(pressed, prompt="a fox --v 6", negative="", aspect=["16:9"])
    edited = await stage.card(stage.ada, (await stage.ada.answer(again))["message"]["id"])
    assert "it stays in the prompt: --v 6\n" in text(edited).replace("\\", "")
    varied = await stage.derived(stage.ada, edited, "seed")
    assert "stays in the prompt" not in text(varied)


async def test_private_is_private(stage: Stage):
    card = await stage.imagine(stage.ada, private=True, prompt="a secret garden")
    assert hidden(card)
    assert all("secret" not in text(message) for message in await stage.ben.messages())
    some = await stage.imagine(stage.ben)
    for action in ("seed", "info", "edit", "del", "fav"):
        forged = buttons(card)[action]
        answer = await stage.ben.answer(await stage.ben.press(some, forged, forged=True))
        assert hidden(answer["message"])
        assert "secret" not in text(answer["message"])
        assert "Job" in text(answer["message"])
    deleted = await stage.press(stage.ada, card, "del")
    assert deleted["type"] == 6
    await stage.gone(stage.ada, card)


async def test_who_may_delete_and_restore(stage: Stage):
    card = await stage.imagine(stage.ada)
    refused = await stage.press(stage.ben, card, "del")
    assert hidden(refused["message"])
    assert await stage.ben.message(card["id"]) is not None
    await stage.press(stage.ada, card, "del")
    await stage.gone(stage.ada, card)
    offer = await stage.ada.message_where(lambda m: "restore" in buttons(m))
    assert hidden(offer)
    back = (await stage.press(stage.ada, offer, "restore"))["message"]
    assert is_card(back)
    assert not hidden(back)
    again = await stage.press(stage.ada, offer, "restore")
    assert hidden(again["message"])
    details = await stage.ada.answer(await stage.ada.menu("Image details", back))
    assert job_of(card) in text(details["message"])  # the line knows the new message


async def test_a_moderator_deletes_what_others_made(stage: Stage):
    card = await stage.imagine(stage.ben)
    await stage.press(stage.ada, card, "del")
    await stage.gone(stage.ben, card)


async def test_cancel(stage: Stage):
    pressed = await stage.ben.slash("imagine", prompt="HANG a slow fox")
    status = (await stage.ben.answer(pressed))["message"]
    stopped = await stage.press(stage.ada, status, "cancel")  # she moderates
    assert stopped["type"] == 6
    ended = await stage.ben.message_where(
        lambda m: m["id"] == status["id"] and "Cancelled" in text(m), what="the end"
    )
    assert "again" in buttons(ended)
    late = await stage.ben.press(ended, buttons(status)["cancel"], forged=True)
    assert "too late" in text((await stage.ben.answer(late))["message"])


@pytest.mark.parametrize("what", ["mask", "keep", "v:2", "seed"])
async def test_what_a_button_made_is_run_again_as_it_was(stage: Stage, what: str):
    card = await stage.imagine(stage.ada, seed=7, count=3)
    more = {"values": ["1"]} if what == "keep" else {}
    await stage.told(stage.ada, "admin pause")
    status = await stage.press(stage.ben, card, what, **more)
    wanted = stage.request(status["message"])
    masks = "SELECT mask FROM shots WHERE job = '{}' ORDER BY position"
    planned = stage.rows(masks.format(job_of(status["message"])))
    await stage.press(stage.ben, status["message"], "cancel")
    ended = await stage.ben.message_where(
        lambda m: m["id"] == status["message"]["id"] and "again" in buttons(m), what="the end"
    )
    await stage.told(stage.ada, "admin resume")
    drawn = await stage.derived(stage.ben, ended, "again")
    assert stage.request(drawn) == wanted
    assert stage.rows(masks.format(job_of(drawn))) == planned


async def test_cancel_is_not_for_everybody(stage: Stage):
    pressed = await stage.ada.slash("imagine", prompt="HANG a slow fox")
    status = (await stage.ada.answer(pressed))["message"]
    refused = await stage.press(stage.ben, status, "cancel")
    assert hidden(refused["message"])
    assert stage.state(job_of(status)) != "cancelled"
    told = await stage.told(stage.ada, "cancel", job="all")
    assert "cancelled" in text(told)
    await until(_is(stage, status, "cancelled"), 20, "the cancel")


def _is(stage: Stage, message: Json, state: str) -> Any:
    async def there() -> bool:
        return stage.state(job_of(message)) == state

    return there


async def test_lists(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a lighthouse for the lists")
    assert "Your jobs" in text(await stage.told(stage.ada, "queue")) or "no job" in text(
        await stage.told(stage.ada, "queue")
    )
    history = await stage.told(stage.ada, "history")
    assert hidden(history)
    assert "a lighthouse for the lists" in text(history)
    page = next(name for name in buttons(history) if name.startswith("page"))
    turned = await stage.press(stage.ada, history, page)
    assert turned["type"] == 7
    assert "page 2" in text(turned["message"])
    opened = await stage.derived(stage.ada, turned["message"], "open")
    assert hidden(opened)
    shown = await stage.told(stage.ada, "show", job=job_of(card))
    assert is_card(await stage.card(stage.ada, shown["id"]))
    assert "favourites" in text(await stage.told(stage.ada, "history", favourites=True))


async def test_a_favourite_of_another_server_is_led_to(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a heron in the studio", count=1)
    await stage.press(stage.ben, card, "fav")
    here = await stage.told(stage.ben, "history", favourites=True)
    assert f"{job_of(card)}:open" in str(here)
    there = await stage.told(stage.ben.at("lobby"), "history", favourites=True)
    assert "a heron in the studio" in text(there)
    assert f"{job_of(card)}:open" not in str(there)
    links = [part.get("url", "") for part in parts(there)]
    assert any(link.endswith(f"/{card['id']}") for link in links)
    await stage.press(stage.ben, card, "fav")


async def test_the_shelf(stage: Stage):
    shelf = await stage.told(stage.ada, "adapters browse")
    assert hidden(shelf)
    assert "Night B" in text(shelf)
    info = await stage.press(stage.ada, shelf, "open:adapter", values=["sleepy:night-b:1"])
    assert "Night B" in text(info["message"])
    assert "Ink A" in text(await stage.told(stage.ada, "adapters info", name="Ink A"))
    assert "Nobody’s" in text(await stage.told(stage.ada, "adapters info", name="Nobody’s"))
    for page in ("help", "about"):
        assert "Stylus" in text(await stage.told(stage.ada, page))


async def test_jobs_of_one_prompt_can_be_told_apart(stage: Stage):
    jobs = [job_of(await stage.imagine(stage.ada, prompt="twin voles", count=1)) for _ in "ab"]
    offered = await stage.ada.autocomplete("show", "job", job="twin v")
    assert [one["value"] for one in offered] == jobs[::-1]
    assert [one["name"] for one in offered] == [f"twin voles · {job}" for job in jobs[::-1]]
    [alone] = await stage.ada.autocomplete("show", "job", job=jobs[0])
    assert alone["name"] == "twin voles"


async def test_a_comparison_hears_how_many(stage: Stage):
    told = await stage.told(stage.ada, "compare", prompt="twin hens --count 1")
    assert stage.request(told).count == 1
    await stage.posted(job_of(told))


async def test_suggestions(stage: Stage):
    some = await stage.ada.autocomplete("imagine", "adapters", prompt="x", adapters="")
    assert [one["value"] for one in some[:2]] == ["auto", "off"]
    assert {"name": "Ink A · style", "value": "sleepy:ink-a:1"} in some
    more = await stage.ada.autocomplete(
        "imagine", "adapters", prompt="x", adapters="sleepy:ink-a:1,"
    )
    assert "sleepy:ink-a:1,sleepy:ink-b:1" in [one["value"] for one in more]
    assert all(len(one["name"]) <= 100 and len(one["value"]) <= 100 for one in more)
    assert await stage.ada.autocomplete("cancel", "job", job="") == []
    names = await stage.ada.autocomplete("adapters info", "name", name="")
    assert "sleepy:city-a:1" in [one["value"] for one in names]


async def test_menus_of_a_card(stage: Stage):
    card = await stage.imagine(stage.ada)
    details = await stage.ben.answer(await stage.ben.menu("Image details", card))
    assert job_of(card) in text(details["message"])
    remix = await stage.ben.menu("Remix", card)
    assert (await stage.ben.answer(remix))["type"] == 9
    typed = await stage.ben.submit(remix, prompt="a remix of it")
    assert "a remix of it" in text((await stage.ben.answer(typed))["message"])


async def test_menus_of_a_message_without_pictures(stage: Stage):
    said = await stage.ben.say("just words")
    for menu in ("Remix", "Image details"):
        told = await stage.ben.answer(await stage.ben.menu(menu, said))
        assert "no picture" in text(told["message"])


PNG = b"\x89PNG\r\n\x1a\n"
BOMB = PNG + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 100_000, 100_000, 8, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("words.txt", b"no picture at all", "text/plain"),
        ("lying.png", b"<html>not found</html>", "image/png"),
        ("nothing.png", b"", "image/png"),
        ("short.png", PNG, "image/png"),
        ("bomb.png", BOMB + b"\0" * 64, "image/png"),
        ("program.exe", b"MZ" + b"\0" * 500, "application/octet-stream"),
    ],
)
async def test_attachments_that_are_no_pictures(stage: Stage, name: str, data: bytes, kind: str):
    said = await stage.ben.say("look", await stage.ben.attach(data, name, kind))
    for menu in ("Remix", "Image details"):
        told = (await stage.ben.answer(await stage.ben.menu(menu, said)))["message"]
        assert hidden(told)
        assert "is no picture" in text(told)


async def test_a_picture_of_somebody_else_says_nothing(stage: Stage):
    plain = BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    photo = b"\xff\xd8\xff\xe0" + b"\0" * 99
    for name, picture in (("plain.png", plain.getvalue()), ("photo.jpg", photo)):
        said = await stage.ben.say("look", await stage.ben.attach(picture, name))
        told = await stage.ben.answer(await stage.ben.menu("Image details", said))
        assert "says nothing" in text(told["message"])


async def test_a_picture_of_ours_speaks_for_itself(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a talking fox", seed=7, count=1)
    data = await stage.ada.read(pictures(card)[0])
    said = await stage.ben.say("what is this?", await stage.ben.attach(data, "saved.png"))
    details = await stage.ben.answer(await stage.ben.menu("Image details", said))
    assert "a talking fox" in text(details["message"])
    remix = await stage.ben.menu("Remix", said)
    window = (await stage.ben.answer(remix))["modal"]
    assert "a talking fox" in str(window)
    typed = await stage.ben.submit(remix, prompt="a singing fox")
    assert "a singing fox" in text((await stage.ben.answer(typed))["message"])


async def test_a_forwarded_picture_of_ours_speaks_too(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a travelling fox", seed=7, count=1)
    data = await stage.ada.read(pictures(card)[0])
    said = await stage.ben.say("", await stage.ben.attach(data, "saved.png"))
    for first in (said, card):
        sent = await stage.ben.forward(first)
        details = await stage.ben.answer(await stage.ben.menu("Image details", sent))
        assert "a travelling fox" in text(details["message"])
        remix = await stage.ben.menu("Remix", sent)
        assert "a travelling fox" in str((await stage.ben.answer(remix))["modal"])
    words = await stage.ben.forward(await stage.ben.say("just words"))
    told = await stage.ben.answer(await stage.ben.menu("Image details", words))
    assert "no picture" in text(told["message"])
