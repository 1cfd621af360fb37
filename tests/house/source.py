"""The house as text: its modules, what they import, and how a fresh interpreter sees them."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("cogs", "bot", "playground", "miniature", "stylus_engine")  # what ships
YARD = ("benchmarks", "tests", ".ci")  # what measures, tests and installs
OURS = frozenset({*ROOMS, "tests", "benchmarks"})


def sources(*folders: str) -> list[Path]:
    """Every Python file in these folders of the house, as paths relative to it."""
    found = (path for folder in folders for path in (HOUSE / folder).rglob("*.py"))
    return sorted(path.relative_to(HOUSE) for path in found)


def modules() -> list[str]:
    """The dotted names of all that ships."""
    return [dotted(path) for path in sources(*ROOMS)]


def dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def text(path: Path) -> str:
    return (HOUSE / path).read_text(encoding="utf-8")


@cache
def foreign(path: Path) -> frozenset[str]:
    """The libraries a file imports, typing-only and by-name imports included; the standard one is none."""
    tree = ast.parse(text(path))
    names = {name.partition(".")[0] for node in ast.walk(tree) for name in imported(node)}
    return frozenset(names - set(sys.stdlib_module_names) - OURS)


def imported(node: ast.AST) -> Iterator[str]:
    """The absolute module names that one node imports."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            yield module


def fresh(program: str, *arguments: str) -> object:
    """Run `program` in a new interpreter; it prints one line of JSON."""
    words = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(words, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
