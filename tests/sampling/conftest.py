"""What tests of files need to know of a checkpoint: a tiny SD 1, and which layers it has."""

import pytest

from stylus_engine.sampling.bases import Bases
from tests.sampling.tiny import tiny_pipeline


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline(0)


@pytest.fixture(scope="module")
def bases(pipeline) -> Bases:
    return Bases("tiny", "sd1-32", {"unet": pipeline.unet, "text_encoder": pipeline.text_encoder})
