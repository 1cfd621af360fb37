"""What the composer names reaches the drawer while the job is still being planned."""

from pathlib import Path

import pytest

from tests.bot.crew.day import a_day, reached, settings_for, wish
from tests.workers.sandman import SHELF

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


async def test_a_named_adapter_is_made_ready_before_its_job_is_drawn(tmp_path: Path):
    async def manned() -> bool:
        return bool(day.supervisor.drawers)

    async with a_day(settings_for(tmp_path, "--plan-seconds", "0.5")) as day:
        await reached(manned)
        prepared = tmp_path / "pictures" / "prepared"
        [job] = await day.accept(wish("NAMED night city"))
        wishes = f"{job} {SHELF[1].card_id} likely\n{job} {SHELF[0].card_id}\n"

        async def told() -> bool:
            return prepared.exists() and prepared.read_text() == wishes

        await reached(told)
        assert (await day.job(job)).state == "queued"
        await day.until(job, "drawn")
