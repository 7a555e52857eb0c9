"""The embedded EVM as a base layer. tests/third_party/test_base_layer_nodes.py asks the same of a real node."""

from __future__ import annotations

import pytest

from tests.verifier.base_layer_suite import BaseLayerSuite
from verifier.base_layer import EmbeddedEvm


@pytest.fixture(scope="module")
def layer() -> EmbeddedEvm:
    return EmbeddedEvm()


class TestEmbeddedEvm(BaseLayerSuite):
    pass
