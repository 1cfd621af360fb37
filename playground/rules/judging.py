"""The judge: walk the body, ask every rule of every kind on the way."""

from functools import cache

from playground.rules import (
    attachments,
    callbacks,
    choices,
    commands,
    components,
    embeds,
    layout,
    messages,
    modals,
    scopes,
)
from playground.rules.nouns import Context, Finding, Operation
from playground.rules.tree import Book, Call, Spot, below

ROOMS = (
    scopes,
    callbacks,
    messages,
    attachments,
    embeds,
    components,
    layout,
    modals,
    commands,
    choices,
)


@cache
def whole_book() -> Book:
    """All rules; made once."""
    return Book.of(entry for room in ROOMS for entry in room.ENTRIES)


def judge(
    operation: Operation, body: object, context: Context, book: Book | None = None
) -> list[Finding]:
    """All that Discord would refuse in this body, in the order of the body.

    `book` is for tests that tear a rule out.
    """
    call = Call(Operation(operation), body, context, book or whole_book())
    root = Spot(("request",), body, (), call)
    return [
        finding
        for spot in (root, *below(root))
        for kind in spot.kinds
        for rule in call.book.rules.get(kind, ())
        for finding in rule(spot)
    ]
