"""What every room's tests share."""

import gc
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support import warm_python
from tests.support.house import House, open_house

HERE = Path(__file__).parent
warm_python.in_use = sys.platform == "linux"
gc.disable()  # until all tests are collected

if TYPE_CHECKING:
    from tests.support.gateway_server import Amazon
    from tests.support.postgresql import PostgreSQL

# Nothing here depends on how fast the machine is: the first draw in an empty home makes Unicode's tables.
settings.register_profile("new cases", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same cases each time: a change is not refused for what an older one brought. `--hypothesis-profile
# "new cases"` looks for others.
settings.register_profile("same cases", settings.get_profile("new cases"), derandomize=True)
settings.load_profile("same cases")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Make a test's id of its whole name.

    pytest 9.2 makes it of the function's name and pytest's own parameters; schemathesis tells the operations
    that it tests apart by the rest of the name.
    """
    if item.parent is not None and not item.nodeid.endswith(f"::{item.name}"):
        item._id = item.parent.id.child(item.name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what looks at the whole source, and takes long; refuse two tests of one id.

    Of those pytest-xdist would run one, and count only that.
    """
    items.sort(key=lambda item: item.path.parent != HERE)
    twice = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if twice:
        raise pytest.UsageError(f"tests share their ids: {', '.join(twice[:3])}")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run a test in a context of its own: whose request one plays reaches no other in its process."""
    function = pyfuncitem.obj
    pyfuncitem.obj = partial(copy_context().run, function)
    try:
        return (yield)
    finally:
        pyfuncitem.obj = function  # whoever reports a failure looks at it


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking again and again through thousands of tests that stay."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def amazon_process() -> "Iterator[Amazon]":
    """The stand-in Amazon's process, which outlives every gateway."""
    from tests.support.gateway_server import running_amazon  # the whole gateway, which few tests import

    with running_amazon() as amazon:
        yield amazon


@pytest.fixture
def amazon(amazon_process: "Amazon") -> "Amazon":
    """The stand-in Amazon as it is when it was just started."""
    amazon_process.control("reset", {})
    return amazon_process


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[PostgreSQL]":
    """A PostgreSQL server, which tests may stop and start."""
    from tests.support.postgresql import running_postgresql

    with running_postgresql(durable=False) as server:
        yield server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of a module: a gateway in sandbox mode and the scripts around it."""
    with open_house(Path(tmp_path_factory.mktemp("house 家"))) as opened:
        yield opened
