"""A run of the suite ends with its results, without the noise of a library that it does not use."""

import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(
    Path("/dev/nvidiactl").exists(), reason="a GPU is here, and torch compiles for it with triton"
)
def test_torch_works_without_triton_and_says_so():
    from torch import _dynamo
    from torch.utils._triton import has_triton_package

    assert _dynamo.is_dynamo_supported()
    assert not has_triton_package()
    assert "triton._C.libtriton" not in sys.modules
