"""A real node as a base layer, under two forks: it does what the embedded EVM does, for the same gas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.third_party.anvil import FORKS, AnvilNode, connect, run_anvil
from tests.verifier.base_layer_suite import BaseLayerSuite, measure_gas
from verifier.base_layer import EmbeddedEvm


@pytest.fixture(scope="module", params=FORKS)
def layer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnvilNode]:
    fork: str = request.param
    with run_anvil(tmp_path_factory.mktemp(fork), fork) as url:
        node = connect(url)
        assert node.is_osaka() == (fork == "osaka")  # the wrapper of blobs depends on it
        yield node


class TestAnvil(BaseLayerSuite):
    def test_gas_is_that_of_the_embedded_evm(self, layer: AnvilNode) -> None:
        assert measure_gas(layer) == measure_gas(EmbeddedEvm())
