"""What cards must say, case by case (the captions as DESIGN §4 writes them)."""

import dataclasses

import pytest
from msgspec.structs import replace

from bot.cards import adapters, answers, lists
from bot.cards.credits import caption_lines
from bot.cards.details import details
from bot.cards.ended import ended
from bot.cards.made import made_of
from bot.cards.paging import Page
from bot.cards.result import result
from bot.cards.status import Progress, bar, status
from bot.cards.words import duration
from bot.custom_ids import Pressed, parse
from bot.jobs.nouns import Place, Seen
from bot.refusals import LineFull, TooLate, Unsafe
from bot.texts import Texts
from stylus_engine.model import Dropped, Plan, Ran, Shot, Start
from tests.bot.cards.examples import (
    ADA,
    BEN,
    CHILD,
    JOB,
    MASKS,
    NOW,
    PLAN,
    PROMPT,
    ROOT,
    card,
    sheet,
    task,
)
from tests.bot.cards.reading import Piece, pieces, read
from tests.model.nouns import MANIFEST

SAY = Texts.load().of("en")
QUEUED = replace(JOB, state="queued", plan=None)
MASKED = replace(JOB, id=CHILD, source=ROOT, action="mask")
ALONE = Plan(prompt=PROMPT, composer="offline")
BARE = replace(JOB, plan=ALONE)


def actions(view) -> dict[str, str]:
    """What can be pressed: action -> label."""
    return {one.action: piece.get("label", "") for one, piece in pressable(view)}


def pressable(view) -> list[tuple[Pressed, Piece]]:
    found = [piece for piece in pieces(view) if "custom_id" in piece]
    return [(one, piece) for piece in found if (one := parse(piece["custom_id"]))]


# --- captions: DESIGN §4 -------------------------------------------------------------


def test_a_caption_reads_as_the_design_says():
    prompt = "a fox in watercolour, a night city"
    plan = Plan(
        prompt=prompt,
        composer="offline",
        tasks=(
            task(prompt, "watercolour", card("Ink & Wash")),
            task(prompt, "night city", card("Night City")),
        ),
    )
    job = replace(JOB, plan=plan, request=replace(JOB.request, prompt=prompt))
    lines = caption_lines(SAY, sheet(SAY, job, ("1.0", "1.1")))
    assert lines == ("1 · Ink & Wash 0.8", "2 · Ink & Wash 0.8 + Night City 0.8")


def test_common_adapters_come_first_and_failed_pictures_keep_their_number():
    lines = caption_lines(SAY, sheet(SAY, failed=(2,)))
    assert lines == (
        "1 · Golden Hour 0.8 + Graphite 0.8 + Storybook Dragon 0.8",
        "2 · Golden Hour 0.8 + Storybook Dragon 0.8 + Ink & Wash 0.8",
        "3 · could not be drawn",
        "4 · Golden Hour 0.8 + Graphite 0.8",
    )


# --- the result ----------------------------------------------------------------------


def test_a_result_credits_every_adapter_with_author_licence_and_the_words_it_serves():
    said = read(result(SAY, sheet(SAY)))
    assert "**Ink & Wash** 0.8 for *pencil sketch* · by aya · CC BY 4.0" in said
    assert "**Golden Hour** 0.8 for *sunset* · licence not stated" in said
    assert "No adapter for: on the beach" in said


def test_the_first_text_is_the_mention_and_the_prompt():
    first = pieces(result(SAY, sheet(SAY)))[1]
    assert first["content"] == f"<@{ADA}> **“{PROMPT}”**"


def test_the_last_line_is_small_and_says_how_to_get_it_back():
    said = read(result(SAY, sheet(SAY, checkpoint="miniature")))
    assert f"-# seed 1234 · miniature · 64×64 · 14 s · masks 4/26 · job {ROOT}" in said


def test_a_result_says_what_it_is_based_on():
    said = read(result(SAY, sheet(SAY, MASKED, owner=BEN)))
    assert f"-# Other adapters · based on <@{BEN}>’s job" in said


@pytest.mark.parametrize(
    ("job", "more", "words"),
    [
        (BARE, {"masks": ("",) * 4}, "No adapter matched well: base model only."),
        (replace(BARE, plan=replace(ALONE, preset="base")), {"masks": ("",) * 4}, "Adapters are off"),
        (JOB, {"masks": (MASKS[0], MASKS[1], *MASKS[:1] * 2)}, "only 2 masks"),
        (JOB, {"masks": MASKS[:1] * 4}, "only one mask"),
        (JOB, {"failed": (0,)}, "1 of 4 pictures could not be drawn. The picture could"),
        (replace(MASKED, round=1), {}, "All 26 masks were seen. Round 2"),
        (MASKED, {"seen": Seen(seen=26, of=26)}, "the last 4 masks of the round"),
    ],
)  # fmt: skip
def test_a_result_admits_what_it_has_to(job, more, words):
    assert words in read(result(SAY, sheet(SAY, job, **more)))


@pytest.mark.parametrize(
    ("strengths", "words"),
    [
        ((1.0, 1.0, 1.0, 1.0), "repeat it with other seeds.\n"),
        ((1.0, 0.65, 1.3, 0.45), "repeat it with other seeds and strengths.\n"),
    ],
)
def test_pictures_of_one_mask_say_by_what_they_differ(strengths, words):
    known = sheet(SAY, JOB, MASKS[:1] * 4)
    worn = zip(known.positions, strengths, strict=True)
    positions = tuple(replace(one, shot=at_strength(one.shot, strong)) for one, strong in worn)
    said = read(result(SAY, dataclasses.replace(known, positions=positions)))
    assert words in f"{said}\n"


def at_strength(shot: Shot | None, strength: float) -> Shot:
    assert shot is not None
    return replace(shot, recipe=replace(shot.recipe, strength=strength))


def test_other_actions_do_not_speak_of_masks_running_out():
    said = read(result(SAY, sheet(SAY, replace(MASKED, action="keep"), (MASKS[0],) * 4)))
    assert "only one mask" not in said
    assert "All 26" not in read(result(SAY, sheet(SAY, replace(MASKED, action="seed", round=1))))


def test_a_pin_that_could_not_be_heeded_is_told():
    dropped = (Dropped(what="miniature:cosy:1", why="pinned, but not made for this checkpoint"),)
    request = replace(JOB.request, pinned=("miniature:cosy:1",))
    job = replace(JOB, plan=replace(PLAN, dropped=dropped), request=request)
    assert "Left out: miniature\\:cosy\\:1 (pinned, but not made" in read(
        result(SAY, sheet(SAY, job))
    )


def test_a_flag_that_nobody_understood_is_told_where_it_was_typed_and_in_details():
    typed = replace(JOB, request=replace(JOB.request, prompt=f"{PROMPT} --v 6 —ar 9:1 @here --v 6"))
    card, more = read(result(SAY, sheet(SAY, typed))), read(details(SAY, sheet(SAY, typed)).view())
    told = "Not understood, so it stays in the prompt: \\--v 6 · —ar 9\\:1"
    assert told in card.splitlines()
    assert f"-# {told}" in more.splitlines()
    later = replace(typed, id=CHILD, source=ROOT, action="seed")
    assert "Not understood" not in read(result(SAY, sheet(SAY, later)))
    quiet = dataclasses.replace(sheet(SAY, typed), quiet=True)
    assert "Not understood" not in read(result(SAY, quiet))
    plain = read(result(SAY, sheet(SAY, JOB))) + read(details(SAY, sheet(SAY, JOB)).view())
    assert "Not understood" not in plain


def test_a_model_that_did_not_choose_is_told_on_the_card_and_why_in_details():
    job = replace(JOB, plan=replace(PLAN, instead="gpt-x: no answer in 8 s"))
    said = read(result(SAY, sheet(SAY, job)))
    assert "The language model did not choose this time; words and meaning did." in said
    assert "no answer" not in said
    inside = read(details(SAY, sheet(SAY, job)).view())
    assert "the language model did not choose: gpt-x: no answer in 8 s" in inside.replace("\\", "")
    assert "did not choose" not in read(result(SAY, sheet(SAY, JOB)))


def test_what_was_struck_out_is_counted_and_told_in_details():
    dropped = tuple(Dropped(what=f"a{n}", why="it was not offered") for n in range(70, 73))
    told = details(SAY, sheet(SAY, replace(JOB, plan=replace(PLAN, dropped=dropped))))
    said = read(told.view())
    assert "**Left out** (3)" in said
    assert "a71: it was not offered" in said


def test_a_quiet_result_repeats_no_word_of_the_prompt():
    said = read(result(SAY, sheet(SAY, quiet=True)))
    assert "AutoMod" in said
    for words in (PROMPT, "pencil", "sunset", "beach"):
        assert words not in said


def test_a_grid_has_every_button_and_says_how_many_masks_were_seen():
    found = actions(result(SAY, sheet(SAY)))
    assert set(found) == {"seed", "mask", "edit", "info", "del", "u", "v", "fav", "keep"}
    assert found["mask"] == "Other adapters 4/26"
    labels = [piece.get("label") for piece in pieces(result(SAY, sheet(SAY, failed=(1,))))]
    assert [label for label in labels if label and label.startswith("U")] == ["U1", "U3", "U4"]


def test_no_button_leads_to_a_picture_that_is_too_large():
    alone = replace(MASKED, action="single", index=0)
    large = sheet(SAY, alone, MASKS[:1])
    assert "x2" in actions(result(SAY, large))
    assert "x2" not in actions(result(SAY, dataclasses.replace(large, most_edge=127)))


def test_a_picture_that_somebody_brought_is_named_and_a_variation_says_so_above():
    begun = Start(picture="ab" * 32, strength=0.6)
    brought = replace(MASKED, request=replace(MASKED.request, start=begun))
    assert "Begun from a picture, 60 % of it redone." in read(result(SAY, sheet(SAY, brought)))
    hole = replace(brought, request=replace(brought.request, start=replace(begun, mask="m")))
    assert "A part of a picture, drawn anew." in read(result(SAY, sheet(SAY, hole)))
    varied = replace(brought, action="vary", index=2, source=brought.id)
    said = read(result(SAY, sheet(SAY, varied, owner=ADA)))
    assert "Variation of picture 3" in said
    assert "Begun from" not in said


def test_without_another_mask_there_is_no_puzzle_piece():
    found = actions(result(SAY, sheet(SAY, BARE, ("",) * 4, seen=Seen(seen=1, of=1))))
    assert "mask" not in found
    assert "keep" not in found


def test_one_picture_has_no_numbers_to_choose_from():
    alone = sheet(SAY, replace(MASKED, action="single", index=1), MASKS[1:2], owner=ADA)
    found = actions(result(SAY, alone))
    single = {"seed", "mask", "edit", "info", "fav", "del", "keep", "v", "subtle", "x2"}
    assert set(found) == single
    assert f"Picture 2 · based on <@{ADA}>’s job" in read(result(SAY, alone))


def test_the_select_offers_the_plans_numbers_with_those_of_picture_one_lit():
    (select,) = [piece for piece in pieces(result(SAY, sheet(SAY))) if piece["type"] == 3]
    chosen = {option["value"]: option.get("default", False) for option in select["options"]}
    assert chosen == {"0": True, "1": False, "2": True, "3": True}
    assert select["min_values"] == 0
    assert select["max_values"] == 4


# --- status, ends, answers -----------------------------------------------------------


def test_the_status_tells_the_place_then_the_plan_then_the_steps():
    queued = Progress("queued", Place(number=3, of=8, eta=40), NOW + 40)
    assert f"In line: **#3 of 8** · expected <t:{NOW + 40:.0f}:R>" in read(
        status(SAY, QUEUED, queued)
    )
    planned = read(status(SAY, JOB, Progress("planned")))
    assert "Reading the prompt: **pencil sketch · dragon · sunset**" in planned
    assert "Chosen: **4 adapters** of 22 candidates" in planned
    drawing = read(status(SAY, JOB, Progress("drawing", step=33, of=80, done=1, count=4)))
    assert "▰▰▰▰▱▱▱▱▱▱ **33 / 80** steps" in drawing
    assert "1 of 4 pictures ready" in drawing


@pytest.mark.parametrize("stage", ["queued", "planning", "planned", "drawing", "paused", "lost"])
def test_the_status_can_be_cancelled_and_says_nothing_else_of_its_job(stage):
    """By its custom_ids alone a courier tells a card from a status after a restart."""
    assert set(actions(status(SAY, JOB, Progress(stage)))) == {"cancel"}


def test_every_end_carries_the_jobs_own_button():
    for state in ("failed", "cancelled", "undeliverable"):
        found = pressable(ended(SAY, replace(JOB, state=state)))
        assert {one.job for one, _ in found} == {ROOT}
        assert not {"cancel"} & {one.action for one, _ in found}


def test_an_end_says_why_and_by_whom():
    lost = replace(JOB, state="failed", error="WorkerLost", sentence="attempts=2", attempts=2)
    assert "The worker stopped 2 times" in read(ended(SAY, lost))
    broken = replace(JOB, state="failed", error="DrawFailed", sentence="It came out *black*.")
    assert "**Not drawn.** It came out \\*black\\*." in read(ended(SAY, broken))
    stopped = replace(JOB, state="cancelled", cancelled_by=BEN)
    assert f"**Cancelled** by <@{BEN}>." in read(ended(SAY, stopped))
    nowhere = replace(JOB, state="undeliverable", error="NoRights")
    assert "Drawn, but not posted" in read(ended(SAY, nowhere))
    blocked = replace(nowhere, error="Blocked")
    assert PROMPT not in read(ended(SAY, blocked))


def test_a_full_line_offers_to_cancel():
    full = answers.refusal(SAY, LineFull(running=1, waiting=3, most=4), jobs=[QUEUED])
    assert "You have 1 running and 3 waiting; 4 is the limit here." in read(full)
    assert actions(full)["cancel"].startswith("Cancel “a pencil sketch")


def test_refusals_speak_plainly():
    assert "posted" in read(answers.refusal(SAY, TooLate(state="posted")))
    assert "age-restricted" in read(answers.refusal(SAY, Unsafe(what="rating", words="")))
    assert "never draw" in read(answers.refusal(SAY, Unsafe(what="minors", words="x, y")))


def test_what_another_process_refused_is_told_in_its_own_words():
    from bot.crew.told import Told

    said = read(answers.refusal(SAY, Told(kind="UnknownName", sentence="No adapter *x*.")))
    assert said == "No adapter \\*x\\*."


def test_history_shows_each_the_way_on_that_it_has():
    states = {"posted": "open", "undeliverable": "open", "failed": "again", "queued": "cancel"}
    for state, action in states.items():
        shown = lists.history(SAY, [replace(JOB, state=state)], page=0, more=False)
        assert set(actions(shown)) == {action}
    gone = replace(JOB, state="posted", deleted_at=NOW)
    assert set(actions(lists.history(SAY, [gone], page=0, more=False))) == {"restore"}


def test_a_page_behind_the_end_of_the_shelf_leads_back_and_calls_no_shelf_empty():
    for query, total in (("", 16), ("ink", None)):
        shown = adapters.browse(SAY, [], query=query, page=2, total=total)
        assert "No adapter" not in read(shown)
        [(back, _)] = pressable(shown)
        assert Page.parse(back.argument) == Page("adapters", 1, query)


def test_history_leads_to_a_comparison_which_is_shown_nowhere_else():
    posted = replace(JOB, action="compare", state="posted", message=5, message_channel=6)
    shown = lists.history(SAY, [posted], page=0, more=False)
    assert not actions(shown)
    [way] = [piece for piece in pieces(shown) if piece.get("style") == 5]
    assert way["url"].endswith("/6/5")
    assert f"{2 * JOB.request.count} pictures" in read(shown)


def test_history_links_only_to_what_others_can_see():
    posted = replace(JOB, state="posted", message=5, message_channel=6)
    assert "/6/5)" in read(lists.history(SAY, [posted], page=0, more=False))
    hidden = replace(posted, private=True)
    assert "discord.com" not in read(lists.history(SAY, [hidden], page=0, more=False))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (14, "14 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3780, "1 h 3 min"), (-3, "0 s")],
)  # fmt: skip
def test_durations(seconds, said):
    assert duration(SAY, seconds) == said


@pytest.mark.parametrize(("step", "full"), [(0, 0), (1, 0), (79, 9), (80, 10), (99, 10), (-1, 0)])
def test_the_bar_is_full_only_at_the_end(step, full):
    assert bar(step, 80) == "▰" * full + "▱" * (10 - full)
    assert bar(step, 0) == "▱" * 10


@pytest.mark.parametrize("kept", ["offloaded", "quantised"])
def test_details_say_what_an_executor_had_to_leave_alone(kept: str):
    told = replace(MANIFEST, ran=(Ran(executor="slots", steps=4, why=kept, over="stack"),))
    said = "\n".join(made_of(SAY, told))
    assert (
        f"4 steps drawn with executor slots: expected to be the fastest that leaves {kept}" in said
    )
