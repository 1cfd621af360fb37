"""Imports go down only; import-linter says so and every room has a floor."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import HOUSE, ROOMS, modules, text

CONFIG = tomllib.loads(text(Path("pyproject.toml")))["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in CONFIG["contracts"]}


def test_every_contract_is_kept():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_that_ships_is_linted():
    shipped = {room for room in ROOMS if (HOUSE / room / "__init__.py").exists()}
    assert shipped == set(CONFIG["root_packages"])


def test_the_doors_that_exist_are_the_only_ones_named():
    doors = {"bot.worker", "miniature.drawing"}
    allowed = set(CONTRACTS["door"]["allowed_importers"])
    assert allowed == doors & set(modules())
