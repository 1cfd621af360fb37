"""Where the bot can be killed: derived from its own classes, so that a new place appears by itself.

    line.*    every public coroutine of `Line` that leads to a write
    wire.*    every call of the `Wire`
    reply.*   every method of `Reply` that asks something of Discord
    rest …    what discord.py asks by itself: named here, anything else fails the suite

Each has two sides: "before line.posted" is passed when the call begins, "after …" when
its effect has happened and nobody has heard of it yet.
"""

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Protocol

from bot.delivery.wire import Wire
from bot.jobs.line import Line
from bot.routing.reply import Reply

SIDES = ("before", "after")
LOGIN = ("GET /users/@me", "GET /oauth2/applications/@me", "GET /gateway/bot")
REGISTRY = "/applications/{application_id}/commands"
REST = tuple(f"rest {call}" for call in (*LOGIN, f"GET {REGISTRY}", f"PUT {REGISTRY}"))
# A first answer that discord.py itself gives: suggestions. No job hangs on it.
HARMLESS = frozenset({"rest POST /interactions/{webhook_id}/{webhook_token}/callback"})


@functools.cache
def places() -> tuple[str, ...]:
    """Every place, without its sides, in a fixed order."""
    named = {"line": writes(Line), "wire": calls(Wire), "reply": requests(Reply)}
    ours = [f"{room}.{name}" for room, names in named.items() for name in names]
    return (*ours, *REST)


def boundaries() -> tuple[str, ...]:
    """Every place from both sides."""
    return tuple(f"{side} {place}" for place in places() for side in SIDES)


def writes(kind: type) -> tuple[str, ...]:
    """Public coroutines that, through whatever they call, reach a `….write(…)`."""
    return tuple(name for name in _coroutines(kind) if _reaches(kind, name, "write", set()))


def calls(kind: type) -> tuple[str, ...]:
    """Public coroutines."""
    return tuple(_coroutines(kind))


def requests(kind: type) -> tuple[str, ...]:
    """Methods, private ones too, that await something of `self.interaction`."""
    methods = inspect.getmembers(kind, inspect.iscoroutinefunction)
    return tuple(name for name, method in methods if _asks(_tree(method)))


def _coroutines(kind: type) -> Iterator[str]:
    known: set[str] = set()
    for one in kind.__mro__[:-1]:
        if one is not Protocol:
            known |= {name for name in vars(one) if not name.startswith("_")}
    yield from (n for n in sorted(known) if inspect.iscoroutinefunction(getattr(kind, n)))


def _reaches(kind: type, name: str, wanted: str, seen: set[object]) -> bool:
    """Follows methods of `kind` and functions of the module that a method stands in."""
    return _leads(kind, getattr(kind, name), wanted, seen)


def _leads(kind: type, function: object, wanted: str, seen: set[object]) -> bool:
    bare = inspect.unwrap(getattr(function, "__func__", function))  # pyright: ignore[reportArgumentType] - anything may be asked
    if bare in seen or not inspect.isfunction(bare):
        return False
    seen.add(bare)
    here: Mapping[str, object] = vars(sys.modules[bare.__module__])
    for call in _called(_tree(bare)):
        match call:
            case ast.Attribute(attr=attr) if attr == wanted:
                return True
            case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                inner = getattr(kind, attr, None)
            case ast.Name(id=name):
                inner = here.get(name)
            case _:
                inner = None
        if inner is not None and _leads(kind, inner, wanted, seen):
            return True
    return False


def _called(tree: ast.AST) -> Iterator[ast.expr]:
    yield from (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))


def _asks(tree: ast.AST) -> bool:
    awaited = [node.value for node in ast.walk(tree) if isinstance(node, ast.Await)]
    return any(
        isinstance(call, ast.Call) and ast.unparse(call.func).startswith("self.interaction.")
        for call in awaited
    )


def _tree(function: object) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))  # pyright: ignore[reportArgumentType] - a function, found by inspect
