import pytest_asyncio

from tests.playground.page.stage import staged


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def stage():
    async with staged() as made:
        yield made
