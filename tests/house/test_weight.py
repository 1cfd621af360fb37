"""Importing is free: light rooms load no heavy library, and no module works when it is imported."""

from importlib.util import find_spec

import pytest

from tests.house.source import HOUSE, ROOMS, fresh, modules

HEAVY = {"torch", "diffusers", "peft", "transformers", "lancedb", "openai", "pyarrow", "scipy"}
LIGHT = [
    "stylus_engine.model",
    "stylus_engine.ports",
    "stylus_engine.planning",
    "stylus_engine.engine",
    "bot.settings",
    "bot.commands",
    "bot.client",
    "cogs.imagine",
]
LOADED = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

COUNTED = """
import json, sys
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.tokens import OwnTokens
checkpoint = Checkpoint(
    id="a" * 64, name="miniature", path=sys.argv[1], family="sd1-96", size=64, multiple=8
)
assert OwnTokens().fits(checkpoint, "a red cat")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

# An event counts when our code asked for it: walk the frames outwards from it; a
# frame of ours before one of the import system is our doing, the other way round
# it is a library that is being imported.
WATCH = """
import importlib, json, sys
WORK = ("open", "socket.", "subprocess.", "os.listdir", "os.scandir", "os.mkdir", "os.remove",
        "os.rename", "os.system", "os.putenv", "_thread.start", "glob.", "sqlite3.", "tempfile.", "shutil.")
house, done = tuple(sys.argv[1].split("|")), []

def hook(event, arguments):
    if not event.startswith(WORK):
        return
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return
        if name.startswith(house):
            done.append(f"{name}:{frame.f_lineno} {event} {arguments[:1]}")
            return
        frame = frame.f_back

sys.addaudithook(hook)
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps(done))
"""


def exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", [name for name in LIGHT if exists(name)])
def test_a_light_module_loads_no_heavy_library(name: str):
    loaded = fresh(LOADED, name)
    assert isinstance(loaded, list)
    assert not HEAVY & set(loaded)


def test_the_command_line_opens_without_what_speaks_with_anybody():
    """`stylus --help` and every command wait for what they import: discord.py and a database are 0.7 s."""
    loaded = fresh(LOADED, "bot.commands")
    assert isinstance(loaded, list)
    assert not {"aiohttp", "alembic", "discord", "sqlalchemy"} & set(loaded)


def test_a_planner_counts_tokens_without_diffusers():
    loaded = fresh(COUNTED, f"{HOUSE}/miniature/data/checkpoint")
    assert isinstance(loaded, list)
    assert not {"diffusers", "peft"} & set(loaded)


@pytest.mark.timeout(300)  # it loads every heavy library once
def test_importing_does_no_work():
    places = "|".join(f"{HOUSE}/{room}/" for room in ROOMS)
    assert fresh(WATCH, places, *modules()) == []
