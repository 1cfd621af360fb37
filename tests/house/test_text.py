"""What is written about the code and in it: sizes, fences, the README and its verbs."""

import re
import tokenize
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", EVERY_FILE, ids=str)
def test_every_exception_to_a_rule_gives_its_reason(path: Path):
    said = comments(path)
    for line, comment in said.items():
        if comment.startswith("# pyright:") and "ignore[" not in comment:
            before = said.get(line - 1, "")
            assert before.strip("# !"), f"{path}:{line}: a fence without a reason above it"
        if "noqa" in comment:
            assert re.search(r"noqa: [A-Z0-9, ]+[^A-Z0-9,\s].*\w", comment), (
                f"{path}:{line}: no reason after noqa"
            )
        if "pyright: ignore" in comment:
            assert re.search(r"ignore\[\w+(, ?\w+)*\]\s*\S+.*\w", comment), (
                f"{path}:{line}: no reason after ignore"
            )
        assert "type: ignore" not in comment, f"{path}:{line}: name the rule: pyright: ignore[rule]"


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


def test_the_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)[)#]", text(Path("README.md")))
    assert links
    assert [link for link in links if not (HOUSE / link).exists()] == []


def test_the_map_names_every_room():
    plan = text(Path("README.md"))
    rooms = [room for room in ROOMS if (HOUSE / room / "__init__.py").exists()]
    engine = HOUSE / "stylus_engine"
    rooms += [f"{path.parent.name}/" for path in engine.glob("*/__init__.py")]
    rooms += [f"`{path.stem}`" for path in engine.glob("*.py") if path.stem != "__init__"]
    assert [room for room in rooms if room not in plan] == []
