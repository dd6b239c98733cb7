"""What an Ads call says may come back, for every operation that Amazon publishes."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.proxy.ads_operations import FILE, Operation
from gateway.proxy.media_types import answered_by, check_accept
from gateway.proxy.request import read_proxy_request
from gateway.settings.settings import Settings
from tests.gateway.proxy.test_published_operations import called

JSON = "application/json"


@dataclass
class Asked:
    """What a caller gives, without a body."""

    path: str
    method: str
    content_type: str | None
    query_string: str | None = None
    accept: str | None = None
    body: str | None = None


def wanted_back(accept: str) -> list[str]:
    """The media types of a header, the most wanted first."""
    weighed = []
    for each in accept.split(", "):
        media_type, _, weight = each.partition(";q=")
        weighed.append((-float(weight or 1), media_type))
    return [media_type for _, media_type in sorted(weighed, key=lambda pair: pair[0])]


def version(media_type: str) -> str:
    """The version in a media type; empty where it has none."""
    found = re.search(r"\.(v[0-9.]+)\+", media_type)
    return found[1] if found else ""


def test_every_published_call_asks_for_what_amazon_answers(tmp_path: Path) -> None:
    """With each type that its body may have, and with none; where there are several, in its version."""
    settings = Settings(data_dir=tmp_path, proxy_ads_writes=True)
    asked = 0
    for row in json.loads(FILE.read_text(encoding="utf-8")):
        answers = [each.lower() for each in row.get("answer", ())]
        for content_type in (None, *row.get("request", ()), *row.get("answer", ())):
            if content_type == "*/*":
                continue
            wanted = read_proxy_request(
                Asked(called(row["path"]), row["method"], content_type), "ads", settings
            )
            assert check_accept(wanted.accept) == wanted.accept, row
            types = [each.lower() for each in wanted_back(wanted.accept)]
            asked += 1
            if not answers:
                assert types, row
            elif content_type and content_type.lower() in answers:
                assert types == [content_type.lower()], row
            else:
                # JSON, which Amazon answers in the version that it likes, or what is published.
                assert set(types) - {JSON} <= set(answers), row
                assert set(types) & set(answers), row
                if content_type and "/vnd." in content_type and len(answers) > 1:
                    assert {version(each) for each in types} == {version(content_type.lower())}, row
    assert asked > 1000


@pytest.mark.parametrize(
    ("operation", "content_type", "accept"),
    [
        # Not published: as the body, unless that names a request.
        (None, None, JSON),
        (None, "application/vnd.new.v1+json", "application/vnd.new.v1+json"),
        (None, "application/vnd.newrequest.v1+json", "*/*"),
        # A version newer than the description is not asked for an older one.
        (
            Operation(True, ("application/vnd.a.v3+json",), ("application/vnd.a.v3+json",)),
            "application/vnd.a.v4+json",
            "application/vnd.a.v4+json",
        ),
        # As the caller spells it, without the parameters of a body.
        (
            Operation(True, ("application/vnd.ab.v3+json",), ("application/vnd.ab.v3+json",)),
            "application/vnd.aB.v3+json; charset=utf-8",
            "application/vnd.aB.v3+json",
        ),
        (Operation(True, (), ("application/vnd.b.v1+json",)), None, "application/vnd.b.v1+json"),
        (
            Operation(True, (), ("application/vnd.b.v1+json", "application/vnd.b.v2+json")),
            None,
            "application/json, application/vnd.b.v1+json;q=0.9, application/vnd.b.v2+json;q=0.9",
        ),
        (Operation(True, (), (JSON, "application/vnd.b.v1+json")), None, JSON),
        (Operation(False, (JSON,), ()), JSON, JSON),
    ],
)
def test_the_version_is_that_of_the_body(
    operation: Operation | None, content_type: str | None, accept: str
) -> None:
    """And what nobody published is not guessed at."""
    assert answered_by(operation, content_type) == accept
