"""The torch twin has a bias where the graph has one."""

import pytest

import mnprofile
from tests.graph.test_bias import without_bias

pytest.importorskip("torch", reason="needs torch (extra check)")


@pytest.mark.parametrize("bias", [True, False])
def test_the_classifier_has_a_bias_where_the_graph_says_so(bias: bool) -> None:
    graph = mnprofile.build("v1", alpha=0.25)
    network = mnprofile.to_torch(graph if bias else without_bias(graph))
    names = [name for name, _ in network.named_parameters()]

    assert "classifier.linear.weight" in names
    assert ("classifier.linear.bias" in names) is bias
