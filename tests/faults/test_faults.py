"""Twenty-five kills of real processes with twenty jobs in flight: nothing lost, nothing twice.

Which boundaries is decided by the bot's own sources: other code, other kills; the same
code, the same kills.  `make faults` has two hundred and twenty, at every boundary.
"""

import hashlib
from pathlib import Path

import pytest

from tests.faults.campaign import campaign, told, troubles
from tests.faults.plan import schedule
from tests.playground.driver import HOUSE

KILLS = 25


def rotation() -> int:
    """A number that only the sources of the bot decide."""
    sources = sorted((HOUSE / "bot").rglob("*.py"))
    whole = b"".join(source.read_bytes() for source in sources)
    return int.from_bytes(hashlib.sha256(whole).digest()[:4])


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.timeout(600)
async def test_nothing_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    reports = await campaign(schedule(KILLS, rotation()), tmp_path)
    wrong = troubles(reports, everywhere=False)
    assert not wrong, "\n".join([*wrong, capsys.readouterr().out])
    rows = {row["what"]: row["number"] for row in told(reports, 0)["rows"]}
    assert rows["kills"] >= KILLS
    assert rows["jobs accepted"] > KILLS
    assert rows["boundaries passed"] == rows["boundaries"]
