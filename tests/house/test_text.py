"""What is written about the code and in it: sizes, fences, the README and its verbs."""

import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.commands import application, open_engine
from stylus_engine.errors import SENTENCES
from tests.house.source import HOUSE, ROOMS, YARD, sources, text

MOST_LINES = 400
EVERY_FILE = sources(*ROOMS, *YARD)


def comments(path: Path) -> dict[int, str]:
    """Line number -> comment."""
    with (HOUSE / path).open("rb") as file:
        tokens = tokenize.tokenize(file.readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


@pytest.mark.parametrize("path", EVERY_FILE, ids=str)
def test_no_module_is_too_long(path: Path):
    assert len(text(path).splitlines()) <= MOST_LINES


DIRECTIVE = re.compile(
    r"#\s*(?:(?:ruff:\s*)?noqa\b(?::[A-Z0-9, ]+)?|pyright:\s*(?:ignore\[[^\]]*\]|[\w=, ]+))"
)


def silences(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, comment and reason of everything in a file that silences a tool.

    The reason stands in the same comment or in the one above; fences may be
    several lines below one reason.
    """
    said = comments(path)
    above = ""
    for line, comment in said.items():
        above = above if line - 1 in said else ""
        words = DIRECTIVE.sub("", comment).strip("# -\t")
        if words != comment.strip("# -\t"):
            yield line, comment, words or above
        above = words or above


@pytest.mark.parametrize("path", EVERY_FILE, ids=str)
def test_every_exception_to_a_rule_gives_its_reason(path: Path):
    for line, comment, reason in silences(path):
        assert " " in reason, f"{path}:{line}: say why: {comment}"
    unnamed = [
        c for c in comments(path).values() if re.search(r"type: ignore|noqa(?!:)|ignore(?=\s*$)", c)
    ]
    assert unnamed == [], "name the rule that is broken"


def targets() -> set[str]:
    """The verbs of the Makefile that carry a sentence."""
    return set(re.findall(r"^([a-z]+):.*## .", text(Path("Makefile")), re.MULTILINE))


def test_every_verb_says_what_it_does():
    phony = re.search(r"^\.PHONY: (.*)$", text(Path("Makefile")), re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets()


@pytest.mark.parametrize("page", ["README.md", ".ci/run", "Dockerfile"])
def test_the_verbs_that_are_told_of_exist(page: str):
    told = set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s]|$)", code_in(Path(page)), re.MULTILINE))
    assert told <= targets()


def code_in(path: Path) -> str:
    """A page's code; a page that is no Markdown is all code."""
    if path.suffix != ".md":
        return text(path)
    blocks = re.findall(r"^```.*?^```|`[^`\n]+`", text(path), re.MULTILINE | re.DOTALL)
    return "\n".join(blocks)


def known(words: Sequence[str]) -> bool:
    """Whether these words begin with a command of `stylus`, families walked through."""
    command: Any = typer.main.get_command(application(open_engine))
    for word in words:
        if not hasattr(command, "commands"):
            return True
        command = command.commands.get(word)
        if command is None:
            return False
    return True


def test_the_commands_that_are_told_of_exist():
    told = (
        code_in(Path("README.md")) + "\n".join(SENTENCES.values()) + code_in(Path("CHANGELOG.md"))
    )
    commands = {tuple(line.split()) for line in re.findall(r"\bstylus ([a-z ]+[a-z])", told)}
    assert ("plan",) in commands
    assert [words for words in commands if not known(words)] == []


def test_the_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)[)#]", text(Path("README.md")))
    assert links
    assert [link for link in links if not (HOUSE / link).exists()] == []


def on_the_map() -> set[str]:
    """The rooms of README's map: what stands between backticks in the first column of its table."""
    _, _, rows = text(Path("README.md")).partition("\n| room | what it does |\n")
    table = rows.partition("\n\n")[0].splitlines()
    return {name for row in table for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def rooms_of(house: str) -> set[str]:
    return {f"{path.parent.name}/" for path in (HOUSE / house).glob("*/__init__.py")}


def test_the_map_names_every_room_and_no_other():
    shipped = {f"{room}/" for room in ROOMS if (HOUSE / room / "__init__.py").exists()}
    pages = {path.stem for path in (HOUSE / "stylus_engine").glob("*.py")} - {"__init__"}
    rooms = shipped | rooms_of("bot") | rooms_of("stylus_engine") | pages
    assert on_the_map() == rooms | {"benchmarks/", "tests/"}
