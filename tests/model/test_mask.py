"""A mask and its code are two ways of writing one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.model import Mask
from tests.model.nouns import masks

codes = st.from_regex(r"([01]+(\.[01]+)*)?", fullmatch=True)
full_masks = masks.filter(lambda mask: all(mask.bits))


@given(full_masks)
def test_a_mask_is_read_back_from_its_code(mask: Mask):
    assert Mask.parse(mask.code) == mask


@given(codes)
def test_a_code_is_what_its_mask_writes(code: str):
    assert Mask.parse(code).code == code


@given(masks)
def test_lit_counts_the_ones(mask: Mask):
    assert mask.lit == mask.code.count("1")


@given(st.text(max_size=12))
def test_any_other_text_is_refused(code: str):
    if set(code) <= set("01."):
        Mask.parse(code)
        return
    with pytest.raises(ValueError, match="not a mask"):
        Mask.parse(code)


@pytest.mark.parametrize(
    ("code", "bits"),
    [
        ("", ()),
        ("1", ((True,),)),
        ("10.0", ((True, False), (False,))),
        ("000.111", ((False,) * 3, (True,) * 3)),
    ],
)
def test_examples(code: str, bits: tuple[tuple[bool, ...], ...]):
    assert Mask.parse(code).bits == bits
    assert Mask(bits=bits).code == code


@pytest.mark.parametrize("code", ["٠١", "\uff11", "1 0", "-1", "1,0", "1" * 100 + "x"])
def test_look_alike_digits_are_no_bits(code: str):
    with pytest.raises(ValueError, match="not a mask") as refused:
        Mask.parse(code)
    assert len(str(refused.value)) < 80
