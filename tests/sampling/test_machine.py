"""What a machine is measured to do."""

import pytest
import torch

from stylus_engine.sampling import machine


def test_half_precision_gains_what_its_quickest_product_saves(monkeypatch: pytest.MonkeyPatch):
    naps = {torch.float32: iter((9.0, 6.0, 8.0, 7.0, 9.0)), torch.bfloat16: iter((5.0, 3.0, 1.5, 2.0, 4.0))}  # fmt: skip

    def taken(work, often, device):
        product = work()
        assert product.shape == (machine.WIDE, machine.WIDE)
        assert product[0, 0] == machine.WIDE
        assert (often, device.type) == (1, "cpu")
        return next(naps[product.dtype])

    monkeypatch.setattr(machine, "_seconds", taken)
    assert machine.half_gain() == 4.0
