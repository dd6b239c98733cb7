"""feedback.py sends only what it shows, only where it may, and never costs its caller anything.

No test reaches the service: in this process `responses` stands in for it, and other processes get a proxy
that is not there, `--dry-run`, `off` or a self-hosted gateway.
"""

import json
import stat
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
from linkfox_client.commands import feedback
from linkfox_client.secrets.scrubbing import scrub

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, KEY, FakeGateway
from tests.support.house import Finished

WORDS = ("--sentiment", "NEGATIVE", "--category", "BUG", "--content")
CLOSED = {"HTTPS_PROXY": "http://127.0.0.1:9"}
HOSTED = {"LINKFOX_TOOL_GATEWAY": "", **CLOSED}


@pytest.fixture
def options() -> SimpleNamespace:
    """What the script hands on."""
    return SimpleNamespace(sentiment="NEGATIVE", category="BUG", content="It broke", dry_run=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, in this process."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("linkfox_client.config.BUNDLE", tmp_path / "bundle")
    return tmp_path


@pytest.mark.usefixtures("home")
def test_the_service_gets_what_the_contract_says(options: SimpleNamespace) -> None:
    """Four fields, and no key in any header."""
    with responses.RequestsMock() as service:
        service.post(feedback.ENDPOINT, json={"ok": True})
        document = feedback.give(options, {"LINKFOX_AGENT_API_KEY": KEY})
        (call,) = service.calls
    assert document["sent"] is True
    assert json.loads(call.request.body) == document["feedback"]
    assert document["feedback"] == {
        "skillName": "linkfox-amazon-auth",
        "sentiment": "NEGATIVE",
        "category": "BUG",
        "content": "It broke",
    }
    assert "Authorization" not in call.request.headers


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 500}, "HTTP 500"),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, "HTTP 302"),
        ({"body": requests.ConnectionError("http://me:hunter2@proxy")}, "ConnectionError"),
    ],
)
def test_a_service_that_fails_fails_nothing(
    options: SimpleNamespace, answer: dict[str, Any], reason: str
) -> None:
    """The reason is told, without what a library says of addresses; a redirect is not followed."""
    with responses.RequestsMock() as service:
        service.post(feedback.ENDPOINT, **answer)
        document = feedback.give(options, {})
    assert (document["sent"], document["reason"]) == (False, reason)


@pytest.mark.usefixtures("home")
def test_a_service_that_hangs_is_left(options: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name may take for ever; the limit is on everything together."""
    release = threading.Event()
    monkeypatch.setattr(feedback, "SECONDS", 0.05)
    monkeypatch.setattr(feedback, "_post", lambda entry: release.wait(30))
    document = feedback.give(options, {})
    release.set()
    assert (document["sent"], document["reason"]) == (False, "no answer within 0.05 seconds")


def test_the_limit_is_three_seconds() -> None:
    """As the contract says."""
    assert feedback.SECONDS == 3.0


def give(run: Run, content: str, *more_words: str, **more: str) -> Finished:
    """Run feedback.py; it has to succeed."""
    done = run("feedback.py", *WORDS, content, *more_words, **more)
    assert done.code == 0, done.stdout
    assert done.document["ok"] is True
    return done


def test_out_of_reach_is_no_failure(run: Run) -> None:
    """The exit code is 0, and the document says that nothing was sent."""
    document = give(run, "It broke", **HOSTED).document
    assert document["sent"] is False
    assert document["reason"]
    assert document["to"] == feedback.ENDPOINT


def test_a_dry_run_sends_nothing(run: Run, gateway: FakeGateway, tmp_path: Path) -> None:
    """It shows what would go where; with a self-hosted gateway nothing is written either."""
    document = give(run, "It broke", "--dry-run", LINKFOX_TOOL_GATEWAY="").document
    assert (document["sent"], document["dryRun"], document["to"]) == (False, True, feedback.ENDPOINT)
    assert give(run, "It broke", "--dry-run").document["to"].endswith("feedback.jsonl")
    assert gateway.calls == []
    assert not (tmp_path / ".local").exists()


@pytest.mark.parametrize("where", ["environment", "file"])
def test_it_can_be_turned_off(run: Run, tmp_path: Path, where: str) -> None:
    """In the environment as in a settings file; then nothing is sent or written."""
    more = {"LINKFOX_FEEDBACK": "OFF"}
    if where == "file":
        folder = tmp_path / ".config" / "linkfox"
        folder.mkdir(parents=True)
        (folder / ".env").write_text("LINKFOX_FEEDBACK=off\n", encoding="utf-8")
        more = {}
    for gateway in ({}, HOSTED):
        document = give(run, "It broke", **more, **gateway).document
        assert (document["sent"], document["reason"]) == (False, "LINKFOX_FEEDBACK is off")
    assert not (tmp_path / ".local").exists()


def test_with_a_self_hosted_gateway_it_stays_here(run: Run, gateway: FakeGateway, tmp_path: Path) -> None:
    """One line for each feedback, in a file that only the user can read."""
    for content in ("First", "第二 ☕\nline"):
        document = give(run, content, **CLOSED).document
        assert (document["sent"], document["written"]) == (False, True)
    path = tmp_path / ".local" / "share" / "linkfox" / "feedback.jsonl"
    assert document["to"] == str(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["content"] for line in lines] == ["First", "第二 ☕\nline"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert gateway.calls == []


def test_with_a_local_gateway_that_was_set_up_it_stays_here(run: Run, tmp_path: Path) -> None:
    """Nothing is started for it."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    (data_dir / "owner.key").write_text("lfx_local_" + "k" * 43, encoding="utf-8")
    more = {"LINKFOX_TOOL_GATEWAY": "", "LINKFOX_AGENT_API_KEY": "", "GATEWAY_DATA_DIR": str(data_dir)}
    assert give(run, "It broke", **more, **CLOSED).document["written"] is True
    assert [path.name for path in data_dir.iterdir()] == ["owner.key"]


def test_a_file_that_cannot_be_written_fails_nothing(run: Run, tmp_path: Path) -> None:
    """Nor is a link followed."""
    folder = tmp_path / ".local" / "share" / "linkfox"
    folder.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (folder / "feedback.jsonl").symlink_to(victim)
    assert give(run, "It broke").document["sent"] is False
    assert victim.read_text(encoding="utf-8") == "mine"
    (folder / "feedback.jsonl").unlink()
    folder.chmod(0o777)
    assert "other users" in give(run, "It broke").document["reason"]


def test_settings_that_cannot_be_used_fail_nothing(run: Run) -> None:
    """Where it would go is not known then, so it goes nowhere."""
    document = give(run, "It broke", LINKFOX_TOOL_GATEWAY="http://elsewhere.example").document
    assert document["sent"] is False
    assert "plain http" in document["reason"]


def test_secrets_are_scrubbed_and_the_scrubbed_text_is_shown(run: Run) -> None:
    """Also where they came as JSON, and for a key that has no shape of its own."""
    content = f"{ACCESS} of a.b+c@mail.example.com, A2EXAMPLE7XYZ, key {KEY}"
    done = give(run, content, "--dry-run")
    assert done.document["feedback"]["content"] == "[token] of [mail], [seller id], key [key]"
    assert "look like a key" in done.document["notes"][0]
    body = {"sentiment": "NEUTRAL", "category": "OTHER", "content": content, "dryRun": True}
    done = run("feedback.py", json.dumps(body))
    assert done.document["feedback"]["content"] == "[token] of [mail], [seller id], key [key]"
    assert KEY not in done.stdout
    assert "notes" not in give(run, "好的！It works，really", "--dry-run").document


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Atza|IwEBIJ-x/y+z= ok", "[token] ok"),
        ("see Atzr%7CIwEBIJabc.", "see [token]"),
        ("see Atz.sprdt|IwEBIJabc.", "see [token]"),
        ("lfx_local_abc-DEF_1 no", "[key] no"),
        ("lfxp_abc-DEF_1 no", "[token] no"),
        ("client amzn1.oa2-cs.v1.0123abc there", "client [secret] there"),
        ("Authorization: Bearer abc.def", "Authorization: [token]"),
        ('{"password": "hunter22"}', '{"password": "[secret]"}'),
        ("密码：qwerty123，之后", "密码：[secret]，之后"),
        ("me@example.com和you@例子.公司 wrote", "[mail][mail] wrote"),
        ("店铺A1B2C3D4E5F6G7的", "店铺[seller id]的"),
        ("a2example7xyz", "[seller id]"),
        ("Ａ２ＥＸＡＭＰＬＥ７ＸＹＺ", "[seller id]"),
        ("ABCDEFGHIJKLMN", "[seller id]"),
        ("profile 1234567890123456", "profile [number]"),
        ("call +49 (170) 123-45-67 now", "call [number] now"),
        ("https://me:pw@proxy.example/x", "https://[user]@proxy.example/x"),
        ("https://a.example/cb?state=x&spapi_oauth_code=y z", "https://a.example/cb?[query] z"),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "[key]"),
    ],
)
def test_what_opens_or_names_an_account_is_taken_out(text: str, scrubbed: str) -> None:
    """Each kind, also between letters of other scripts."""
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "The US site in NA answers 403 since 2024-05-01, version 0.1.0",
        "authorize_url.py --wait 600 says authorization_failed",
        "我的店铺授权失败，错误 1003",
        "ASIN and SKU are fine; Apparently Amazon changed it",
    ],
)
def test_what_a_reader_needs_stays(text: str) -> None:
    """Error codes, script names, versions and days are no secrets."""
    assert scrub(text).replace(",", "，") == text.replace(",", "，")


def test_the_home_folder_is_not_named(home: Path) -> None:
    """It holds the user's name."""
    assert scrub(f"in {home}/x") == "in ~/x"


@pytest.mark.parametrize(
    "words",
    [
        ("--sentiment", "ANGRY", "--category", "BUG", "--content", "x"),
        ("--sentiment", "NEGATIVE", "--category", "BUG"),
        (*WORDS, ""),
        (*WORDS, "\x1b"),
        (*WORDS, "x" * 4001),
        (*WORDS, "x", "--dryrun"),
        ('{"sentiment": "NEGATIVE", "category": "BUG", "content": 5}',),
        ('{"sentiment": "NEGATIVE", "category": "BUG", "content": "x", "to": "y"}',),
    ],
)
def test_wrong_arguments_end_with_2(run: Run, words: tuple[str, ...]) -> None:
    """Nothing is sent."""
    done = run("feedback.py", *words, **HOSTED)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")


# What is said of what was taken out


@pytest.mark.parametrize(
    "content", ["店铺 A2EXAMPLE7XYZ 打不开", "write to me@example.com", "call 13812345678", "wxid_abc123def"]
)
def test_nobody_is_told_to_replace_an_id(run: Run, content: str) -> None:
    """A seller id, an address or a number opens nothing."""
    document = give(run, content, "--dry-run", **HOSTED).document
    assert document["notes"] == [feedback.TAKEN_OUT]
    assert "[" in document["feedback"]["content"]


@pytest.mark.parametrize(
    "content", [ACCESS, "lfx_local_abc", "amzn1.oa2-cs.v1.0a1b", "password: hunter22", "https://me:pw@proxy/"]
)
def test_a_secret_is_to_be_replaced(run: Run, content: str) -> None:
    """Others may have seen it."""
    document = give(run, "mine is " + content, "--dry-run", **HOSTED).document
    assert document["notes"] == [feedback.SECRETS_TAKEN_OUT]
    assert content not in document["feedback"]["content"]


def test_what_is_no_secret_stays_as_it_was_written(run: Run) -> None:
    """Chinese punctuation, full-width words, and the words around what is taken out."""
    text = "授权后，列表（第１页）没有显示：北极光户外！"
    assert give(run, text, "--dry-run", **HOSTED).document["feedback"]["content"] == text
    assert "notes" not in give(run, text, "--dry-run", **HOSTED).document
    assert scrub("密码：hunter22，谢谢！") == "密码：[secret]，谢谢！"
    assert scrub("店铺Ａ２ＥＸＡＭＰＬＥ７ＸＹＺ，打不开。") == "店铺[seller id]，打不开。"
    assert scrub("微信 wxid_a1b2c3，谢谢") == "微信 [wechat id]，谢谢"
