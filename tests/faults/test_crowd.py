"""A crowd looks again where a message went, and only there."""

import pytest

from tests.faults.crowd import TRIES, insisting
from tests.playground.driver import Refusal


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "times", "tried"), [(404, 2, 3), (404, 99, TRIES), (403, 1, 1)])
async def test_what_went_is_looked_for_again_and_what_is_refused_is_told(
    status: int, times: int, tried: int
) -> None:
    done: list[int] = []

    async def press() -> None:
        done.append(1)
        if len(done) <= times:
            raise Refusal(status, "no")

    if times < tried:
        await insisting(press)
    else:
        with pytest.raises(Refusal):
            await insisting(press)
    assert len(done) == tried
