"""Commands, alone and all of a scope."""

from playground.rules import Context, Operation
from tests.playground.rules.holders import CALL, HOLDERS, MAKE, POST, in_command, option
from tests.playground.rules.takes import Case, rule

PUT = Operation.COMMANDS_PUT


def commands(chat: int, user: int = 0, message: int = 0) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [{"name": f"c{n}", "description": "Draw"} for n in range(chat)]
    found += [{"type": 2, "name": f"U {n}"} for n in range(user)]
    return found + [{"type": 3, "name": f"M {n}"} for n in range(message)]


def long_command(letters: int) -> dict[str, object]:
    """A command whose texts hold so many code points: two options full of choices."""
    rest = letters - len("ab") - 2 * len("o0d")
    sizes = [200] * (rest // 200) + [rest % 200]
    choices = [
        {"name": f"{number:0{size - 100}}", "value": "v" * 100} for number, size in enumerate(sizes)
    ]
    halves = (choices[:25], choices[25:])
    listed = [
        {"type": 3, "name": f"o{n}", "description": "d", "choices": half}
        for n, half in enumerate(halves)
    ]
    return {"name": "a", "description": "b", "options": listed}


def translated(command: dict[str, object], letters: int) -> dict[str, object]:
    """Only the longest of the translations counts."""
    return {**command, "description_localizations": {"de": "d" * letters, "fr": "f" * letters}}


def made(**fields: object) -> object:
    return HOLDERS["command"].body(**fields)


def menu(**fields: object) -> object:
    return HOLDERS["menu"].body(**fields)


REQUIRED = {**option(3, "prompt"), "required": True}
DAILY = Context(created_today=199)
FULL = Context(commands=commands(100, 15, 15))
COMMANDS: tuple[Case, ...] = (
    rule("command.edit: a name is not taken away", Operation.COMMANDS_EDIT, {"name": None}, {}),
    *(rule("command.type.type", MAKE, made(type=5), menu(type=kind)) for kind in (2, 3)),
    *(
        rule(
            "command.default_member_permissions.type",
            MAKE,
            made(default_member_permissions=bad),
            made(default_member_permissions=good),
        )
        for bad, good in (
            (-1, 0),
            (18014398509481984, 18014398509481983),
            ("x", "8"),
            ([], None),
            ("18014398509481984", "18014398509481983"),
            ("9" * 5000, "0"),
        )
    ),
    *(
        rule("named: a name is one word", MAKE, made(name=bad), made(name=good))
        for bad, good in (
            ("two words", "two_words"),
            ("a/b", "a-b"),
            ("a!", "l'a"),
            ("😀", "ไทย"),
            ("a.b", "हिंदी"),
        )
    ),
    rule("named: a name is one word", MAKE, made(name="two words"), menu(name="Two Words!")),
    rule(
        "named: a name is one word",
        MAKE,
        in_command(option(3, "the prompt")),
        in_command(option(3, "the_prompt")),
    ),
    rule("named: a name is lower case", MAKE, made(name="Imagine"), made(name="imagine")),
    rule("named: a name is lower case", MAKE, made(name="Éa"), made(name="éa")),
    rule("named: a name is lower case", MAKE, in_command(option(3, "Prompt")), menu()),
    rule(
        "command.new: what is typed has a description",
        MAKE,
        {"name": "a"},
        {"name": "a", "type": 4},
    ),
    rule("command.new: what is typed has a description", PUT, [{"name": "a", "type": 1}], [menu()]),
    rule("named: a description says something", MAKE, made(description=""), made(description="x")),
    rule("named: a description says something", MAKE, made(description=""), menu(description="")),
    rule(
        "named: a description says something",
        MAKE,
        in_command({**option(3), "description": ""}),
        in_command({**option(3), "description": "x"}),
    ),
    rule("command: a menu has no description", MAKE, menu(description="x"), menu(description="")),
    rule("command: a menu has no options", MAKE, menu(options=[option(3)]), menu(options=[])),
    rule(
        "completed: choices or autocomplete",
        MAKE,
        in_command({**option(3), "autocomplete": True, "choices": [{"name": "a", "value": "a"}]}),
        in_command({**option(3), "autocomplete": True, "choices": []}),
    ),
    rule(
        "completed: no choice named twice",
        MAKE,
        in_command(
            {**option(3), "choices": [{"name": "a", "value": "a"}, {"name": "a", "value": "b"}]}
        ),
        in_command(
            {**option(3), "choices": [{"name": "a", "value": "a"}, {"name": "b", "value": "b"}]}
        ),
    ),
    rule(
        "named: no option named twice",
        MAKE,
        made(options=[option(3, "a"), option(4, "a")]),
        made(options=[option(3, "a"), option(4, "b")]),
    ),
    rule(
        "named: no option named twice",
        MAKE,
        in_command({**option(1, "s"), "options": [option(3, "a"), option(4, "a")]}),
        in_command({**option(1, "s"), "options": [option(3, "a"), option(4, "b")]}),
    ),
    rule(
        "named: required options come first",
        MAKE,
        made(options=[option(3), REQUIRED]),
        made(options=[REQUIRED, option(3)]),
    ),
    rule(
        "command: subcommands stand alone",
        MAKE,
        made(options=[option(1, "a"), option(3)]),
        made(options=[option(1, "a"), option(2, "b")]),
    ),
    rule(
        "completed: the least is not above the most",
        MAKE,
        in_command({**option(4), "min_value": 5, "max_value": 4}),
        in_command({**option(4), "min_value": 5, "max_value": 5}),
    ),
    rule(
        "completed: the least is not above the most",
        MAKE,
        in_command({**option(3), "min_length": 5, "max_length": 4}),
        in_command({**option(3), "min_length": 5, "max_length": 5}),
    ),
    rule("command: a command has 8000 characters", MAKE, long_command(8001), long_command(8000)),
    rule(
        "command: a command has 8000 characters",
        MAKE,
        translated(long_command(8000), 2),
        translated(long_command(8000), 1),
    ),
    *(
        rule("request: a body is an object", operation, bad, good)
        for operation, bad, good in (
            (POST, [], {"content": "x"}),
            (CALL, None, {"type": 5}),
            (MAKE, "x", made()),
        )
    ),
    rule("request: many commands are a list", PUT, "imagine", []),
    rule("request: many commands are a list", PUT, 5, None),
    rule("request: every command is an object", PUT, [made(), 5], [made()]),
    rule("request: no command named twice", PUT, [made(), made()], [made(), menu(name="imagine")]),
    *(
        rule("request: a scope holds so many commands", PUT, commands(*bad), commands(*good))
        for bad, good in (
            ((101, 0, 0), (100, 15, 15)),
            ((0, 16, 0), (0, 15, 0)),
            ((0, 0, 16), (0, 0, 15)),
        )
    ),
    rule("request: a scope holds so many commands", MAKE, made(name="new"), made(name="c7"), FULL),
    rule("request: so many commands are made in a day", PUT, commands(2), commands(1), DAILY),
    rule(
        "request: so many commands are made in a day",
        MAKE,
        made(name="new"),
        made(name="c0"),
        Context(created_today=200, commands=commands(1)),
    ),
)
