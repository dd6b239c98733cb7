"""Schemathesis drives a running gateway by its own document, with good keys and bad ones.

Each answer has to be one that the document describes: no 5xx but for a refresh token that Amazon refuses, and
no other status, media type, header or field. What the document forbids has to be refused.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support import documented
from tests.support.documented import CLOSED, operations
from tests.support.driven import Driven, driven, example_of, key_without
from tests.support.house import House


def no_failure_of_its_own(context: Any, response: Any, case: Any) -> bool | None:
    """Refuse a 5xx. A refresh token that was made up is Amazon's to refuse, and then it is one."""
    if response.status_code == 502 and response.json()["reason"] == "import_refused":
        return None
    return not_a_server_error(context, response, case)


CHECKS = [
    no_failure_of_its_own,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
INVALID_KEY = "lfx_local_" + "x" * 43
# The keys are chosen by the tests; other methods have a test of their own (test_hostile.py).
CONFIG = {
    "generation": {"with-security-parameters": False},
    "phases": {"coverage": {"unexpected-methods": []}},
}
SCHEMA = schemathesis.openapi.from_dict(CLOSED, config=SchemathesisConfig.from_dict(CONFIG))
CALL_TAGS = ["Stores", "Ads accounts", "Calling Amazon"]
CALL_PATHS = [path for _, path, operation in operations(CLOSED) if operation["tags"][0] in CALL_TAGS]
CALLS = SCHEMA.include(tag=CALL_TAGS)
OTHERS = SCHEMA.include(tag=["Pages", "Operation"])


# The same cases each time, and not many beyond those that cover each rule of each schema.
BOUNDED = settings(
    max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def gateway(house: House, tmp_path_factory: pytest.TempPathFactory) -> Driven:
    """A gateway of its own process, with stores and accounts."""
    return driven(house, tmp_path_factory.mktemp("keys"))


def send(gateway: Driven, case: Any, *, checks: Any = CHECKS, **options: Any) -> Any:
    """Send a case and check the answer."""
    if isinstance(case.body, dict):
        case.body = gateway.placed(case.operation.path, case.body)
    answer = case.call(base_url=gateway.url, allow_redirects=False, **options)
    case.validate_response(answer, checks=checks)
    return answer


@pytest.mark.parametrize("path", CALL_PATHS)
def test_the_example_of_each_call_succeeds(path: str, gateway: Driven) -> None:
    """With what is there in place of the ids that it names."""
    answer = gateway.post(path, gateway.placed(path, example_of(path)), gateway.keys["all"])
    assert answer.status_code == 200, answer.text[:300]
    documented.check(answer)


@CALLS.parametrize()
@BOUNDED
def test_calls_with_a_good_key(case: Any, gateway: Driven) -> None:
    """What the document allows is answered as it says, what it forbids is refused."""
    key = {"Authorization": gateway.keys["all"]}
    send(gateway, case, headers=key, checks=[*CHECKS, negative_data_rejection])


@CALLS.parametrize()
@BOUNDED
def test_calls_with_a_key_that_is_none(case: Any, gateway: Driven) -> None:
    """Nothing but that is told, whatever is asked; after some of them the caller has to wait."""
    answer = send(gateway, case, headers={"Authorization": INVALID_KEY})
    assert answer.status_code in (401, 429)
    assert answer.json()["reason"] in ("unauthorized", "too_many_failures")


@CALLS.parametrize()
@BOUNDED
def test_calls_with_a_key_without_the_right(case: Any, gateway: Driven) -> None:
    """Such a key gets nothing, of requests that are right not even that."""
    operation = CLOSED["paths"][case.operation.path]["post"]
    answer = send(gateway, case, headers={"Authorization": gateway.keys[key_without(operation)]})
    assert answer.json()["reason"] in ("key_lacks_right", "bad_parameter")


@OTHERS.parametrize()
@BOUNDED
def test_pages_without_a_session(case: Any, gateway: Driven) -> None:
    """Forms that were not asked for, callbacks that nobody began, and what operators read."""
    send(gateway, case)


@OTHERS.parametrize()
@BOUNDED
def test_pages_with_a_session(case: Any, gateway: Driven) -> None:
    """Signed in, with the token in each form."""
    cookies, token = gateway.signed_in()
    if isinstance(case.body, dict):
        case.body["token"] = token
    case.cookies = {}
    send(gateway, case, cookies=cookies)
