"""The scripts with the hosted gateway, as an agent of a user there sees them."""

from tests.scripts.conftest import Run
from tests.support.fake_gateway import KEY, FakeGateway


def test_a_key_alone_reaches_the_hosted_gateway(hosted: FakeGateway, run_hosted: Run) -> None:
    """With that key, at its own address."""
    assert run_hosted("authorized_stores.py").good()["stores"] == []
    (call,) = hosted.calls
    assert (call.headers["Host"], call.headers["Authorization"]) == ("tool-gateway.linkfox.com", KEY)
