"""Answers to interactions."""

from dataclasses import replace

from playground.rules import Context
from tests.playground.rules.holders import CALL, HOLDERS, V2, said
from tests.playground.rules.takes import Case, rule

OLD = {"content": "Here", "embeds": [], "attachments": [], "components": [], "flags": 0}


OF_COMMAND, OF_COMPONENT = Context(interaction=2), Context(interaction=3, message=OLD)
OF_TYPING, OF_MODAL = Context(interaction=4), Context(interaction=5)
ANSWERS: dict[int, object] = {
    4: {"content": "x"},
    5: {},
    6: {},
    7: {"content": "x"},
    8: {"choices": []},
    9: {"custom_id": "m", "title": "Edit", "components": [said()]},
}


def answer(kind: int) -> dict[str, object]:
    return {"type": kind, "data": ANSWERS[kind]}


CALLBACKS: tuple[Case, ...] = (
    rule(
        "choices: choices are all text or all numbers",
        CALL,
        {"type": 8, "data": {"choices": [{"name": "a", "value": "a"}, {"name": "b", "value": 1}]}},
        {"type": 8, "data": {"choices": [{"name": "a", "value": 0.5}, {"name": "b", "value": 1}]}},
    ),
    rule(
        "message.content.most",
        CALL,
        {"type": 5, "data": {"content": "x" * 2001}},
        {"type": 5, "data": {"content": "x" * 2000}},
    ),
    *(
        rule("callback: the answer fits the question", CALL, answer(bad), answer(good), context)
        for context, good, wrong in (
            (OF_COMMAND, 9, (6, 7, 8)),
            (OF_COMPONENT, 7, (8,)),
            (OF_TYPING, 8, (4, 5, 6, 7, 9)),
            (OF_MODAL, 4, (6, 7, 8, 9)),
            (replace(OF_MODAL, message=OLD), 7, (8, 9)),
        )
        for bad in wrong
    ),
    *(
        rule("callback: these answers carry data", CALL, {"type": kind}, answer(kind))
        for kind in (4, 8, 9)
    ),
    *(
        rule(
            "defer: a deferral is at most ephemeral",
            CALL,
            {"type": 5, "data": {"flags": flags}},
            {"type": 5, "data": {"flags": 64}},
        )
        for flags in (V2, V2 | 64, 4)
    ),
    rule(
        "choice: a value is text or a number",
        CALL,
        HOLDERS["choice"].body(value=True),
        HOLDERS["choice"].body(value=1),
    ),
    rule(
        "choice: a value has 100 characters",
        CALL,
        HOLDERS["choice"].body(value="𝒳" * 101),
        HOLDERS["choice"].body(value="𝒳" * 100),
    ),
    *(
        rule(
            f"{kind}: {name}",
            CALL,
            HOLDERS[kind].body(value=bad),
            HOLDERS[kind].body(value=good),
            HOLDERS[kind].context,
        )
        for kind, name, bad, good in (
            ("choice.text", "a choice of text is text", 1, "1"),
            ("choice.whole", "a choice of an integer is one", "1", 1),
            ("choice.whole", "a choice of an integer is one", 1.5, 1.0),
            ("choice.whole", "an integer keeps within 53 bits", 2**53, 2**53 - 1),
            ("choice.whole", "an integer keeps within 53 bits", -(2**53), 1 - 2**53),
            ("choice.number", "a choice of a number is one", "1", 1.5),
            ("choice.number", "a number keeps within 53 bits", 2**53 + 1, 2**53),
            ("choice.number", "a number keeps within 53 bits", -(2**53) - 1, -(2**53)),
        )
    ),
)
