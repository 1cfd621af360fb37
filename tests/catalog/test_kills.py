"""An import of 6,000 rows with stored vectors, killed five times: nothing lost, nothing doubled.

The whole of it, 76,724 rows and 50 kills, is `python -m benchmarks.import_kills`.
"""

from pathlib import Path

import pytest

from tests.catalog.kills.campaign import Size, campaign

SMALL = Size(rows=6_000, dimensions=64, kills=5, longest=1.2)


@pytest.mark.slow
def test_an_import_that_is_killed_loses_nothing_doubles_nothing_and_goes_on(tmp_path: Path):
    lives = list(campaign(tmp_path, SMALL))
    assert sum(life.killed for life in lives) >= 3
    assert lives[-1].stage == "followed"
