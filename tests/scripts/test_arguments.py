"""The arguments in both forms: read alike, refused in words, and never echoed where they are secret."""

import json
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.command_line import Help
from linkfox_client.errors import ClientError

TOKEN = "Atza|" + "x" * 100


def declared() -> Arguments:
    """One argument of each kind."""
    arguments = Arguments()
    arguments.text("--seller-name", "a name", metavar="NAME")
    arguments.region(default="NA")
    arguments.site("--marketplace", "a site")
    arguments.texts("--scope", "scopes")
    arguments.identifier("--profile-id", "a number")
    arguments.seconds("--wait", "seconds")
    arguments.integer("--limit", "how many", least=1, most=100, default=50)
    arguments.choice("--format", ("json", "env"), "a format")
    arguments.switch("--vendor", "a switch")
    arguments.path("--output-file", "a path")
    return arguments


def refused(words: list[str], arguments: Arguments | None = None) -> ClientError:
    """The failure of a command line that has to be refused."""
    with pytest.raises(ClientError) as caught:
        (arguments or declared()).parse(words)
    assert caught.value.code == "bad_arguments"
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return caught.value


def test_flags_and_json_give_the_same_options() -> None:
    """Whichever form, the script sees the same."""
    flags = [
        *("--seller-name", " My Store "),
        *("--region", "eu"),
        *("--scope", "a", "b", "--scope=c"),
        *("--profile-id", "9223372036854775807"),
        *("--wait=0", "--vendor", "--format", "ENV"),
    ]
    document = {
        "sellerName": " My Store ",
        "region": "eu",
        "scope": ["a", "b", "c"],
        "profileId": 2**63 - 1,
        "wait": 0,
        "vendor": True,
        "format": "ENV",
    }
    expected = SimpleNamespace(
        seller_name="My Store",
        region="EU",
        marketplace=None,
        scope=["a", "b", "c"],
        profile_id=2**63 - 1,
        wait=0,
        limit=50,
        format="env",
        vendor=True,
        output_file=None,
    )
    assert declared().parse(flags) == expected
    assert declared().parse([json.dumps(document)]) == expected


@pytest.mark.parametrize(
    "word",
    [
        "[]",
        '["--region", "NA"]',
        '"NA"',
        "42",
        "null",
        "true",
        "{",
        '{"region": "NA"',
        '{"region": "NA",}',
        "{'region': 'NA'}",
        '{"region": "NA", "region": "EU"}',
        '{"sellerName": null}',
        '{"sellerName": ["a"]}',
        '{"sellerName": 7}',
        '{"sellerName": {"a": "b"}}',
        '{"sellerName": true}',
        '{"sellerName": "\\ud800"}',
        '{"vendor": "true"}',
        '{"vendor": 1}',
        '{"scope": "a"}',
        '{"scope": []}',
        '{"scope": [1]}',
        '{"wait": NaN}',
        '{"wait": 1.0}',
        '{"wait": 1e3}',
        '{"profileId": 1.5}',
        '{"profileId": true}',
        '{"profileId": -1}',
        '{"profileId": 9223372036854775808}',
        '{"profileId": "1.0"}',
        '{"profileId": "٣"}',
        '{"profileId": 1' + "0" * 5000 + "}",
        "[" * 100_000,
        "hello",
    ],
)
def test_a_bad_json_argument_is_refused(word: str) -> None:
    """Whatever is wrong with it, it is exit 2 with a hint and no traceback."""
    refused([word])


@pytest.mark.parametrize(
    "words",
    [
        ["--seller-name", ""],
        ["--seller-name", "   "],
        ["--seller-name", "x" * 101],
        ["--seller-name", "x" * 10_000],
        ["--seller-name", "a\nb"],
        ["--seller-name", "a\x00b"],
        ["--seller-name", "a\x7fb"],
        ["--seller-name", "a\u202eb"],
        ["--seller-name"],
        ["--seller-name", "--region", "EU"],
        ["--region", "XX"],
        ["--region", ""],
        ["--profile-id", "12a"],
        ["--profile-id", "1.5"],
        ["--profile-id", "-5"],
        ["--profile-id", "+5"],
        ["--profile-id", "9223372036854775808"],
        ["--profile-id", "0" * 20],
        ["--profile-id", "１２"],
        ["--wait", "3601"],
        ["--wait", "soon"],
        ["--limit", "0"],
        ["--format", "xml"],
        ["--vendor=yes"],
        ["--vendor", "yes"],
        ["--region", "NA", "--region", "NA"],
        ["--vendor", "--vendor"],
        ["--output-file", ""],
        ["--output-file", "a\nb"],
        ["-r", "NA"],
        ["--", "--region", "NA"],
        ["--marketplace", "Atlantis"],
    ],
)
def test_a_bad_flag_is_refused(words: list[str]) -> None:
    """Each is exit 2, with what to do."""
    refused(words)


def test_markup_is_a_name_like_any_other() -> None:
    """The contract forbids control characters only; pages escape what they show."""
    assert declared().parse(["--seller-name", '"><script>']).seller_name == '"><script>'


def test_flags_and_json_are_not_mixed() -> None:
    """Either form, not both."""
    assert "mixed" in refused(["--region", "NA", '{"sellerName": "x"}']).message
    assert "mixed" in refused(['{"sellerName": "x"}', "--region", "NA"]).message


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["--seler-name", "x"], "--seller-name"),
        (["--sellerName", "x"], "--seller-name"),
        (["--seller_name", "x"], "--seller-name"),
        (["--seller", "x"], "--seller-name"),
        (['{"seller_name": "x"}'], "sellerName"),
        (['{"sellername": "x"}'], "sellerName"),
        (['{"--region": "x"}'], "region"),
        (["region", "NA"], "--region"),
    ],
)
def test_an_unknown_name_brings_the_nearest_known_one(words: list[str], nearest: str) -> None:
    """No abbreviation is taken, but what was probably meant is named."""
    assert nearest in refused(words).hint


@pytest.mark.parametrize(
    ("said", "region"),
    [
        ("na", "NA"),
        ("us", "NA"),
        ("美国站", "NA"),
        ("北美", "NA"),
        ("Europe", "EU"),
        ("欧洲站", "EU"),
        ("my German store", "EU"),
        ("India", "EU"),
        ("远东", "FE"),
        ("日本", "FE"),
    ],
)
def test_a_region_is_taken_in_the_words_that_people_have_for_it(said: str, region: str) -> None:
    """Its own in both languages, and the name of a site that is in it."""
    assert declared().parse(["--region", said]).region == region


@pytest.mark.parametrize(
    "words",
    [
        ["--seller-name", TOKEN],
        [TOKEN],
        ["--access-token", TOKEN],
        ["--api-key=hunter2-hunter2"],
        [json.dumps({"refreshToken": TOKEN})],
        [json.dumps({"sellerName": f"x {TOKEN}"})],
        ['{"sellerName": "Atza\\u007c' + "y" * 80 + '"}'],
        ["--seller-name", "Atzr%7C" + "y" * 80],
        ["--seller-name", "lfx_local_" + "k" * 43],
        ['{"apiKey": "hunter2-hunter2"}'],
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(words: list[str]) -> None:
    """It is told that it was seen, where it belongs, and nothing of it."""
    failure = refused(words)
    told = failure.message + failure.hint
    assert "command line" in told
    for secret in (TOKEN, "hunter2", "yyyy", "kkkk"):
        assert secret not in told


def test_text_from_the_command_line_is_shown_short_and_clean() -> None:
    """An error repeats at most the beginning of a word, without control characters."""
    failure = refused(["--region", "Q" * 99])
    assert len(failure.message) < 150
    assert "\x1b" not in refused(["--\x1b[31m" + "x" * 500]).message


def test_rules_between_flags() -> None:
    """Exactly one, at most one, only with and never with are told apart."""

    def rules() -> Arguments:
        arguments = Arguments()
        for flag in ("--a", "--b", "--c", "--d"):
            arguments.text(flag, "x")
        arguments.switch("--all", "x")
        arguments.exactly_one("--a", "--all")
        arguments.needs("--d", "--a", "--b")
        arguments.excludes("--all", "--b", "--d")
        return arguments

    assert rules().parse(["--a", "1", "--d", "2"]).d == "2"
    assert rules().parse(["--all"]).all is True
    assert "--a or --all" in refused([], rules()).message
    assert "--a and --all" in refused(["--a", "1", "--all"], rules()).message
    assert "--all and --b" in refused(["--all", "--b", "1", "--c", "2"], rules()).message
    assert refused(["--all", "--d", "1"], rules())
    assert refused(['{"all": false}'], rules())


def test_positional_words_and_the_rest() -> None:
    """A subcommand comes without a flag, and everything after -- is passed on untouched."""

    def commands() -> Arguments:
        arguments = Arguments()
        arguments.positional("command", "what to do", choices=("start", "stop", "add-user"), required=True)
        arguments.positional("name", "a name")
        arguments.switch("--sandbox", "x")
        return arguments

    assert commands().parse(["add-user", "alice", "--sandbox"]).name == "alice"
    assert commands().parse(["stop"]).command == "stop"
    assert commands().parse(['{"command": "start", "sandbox": true}']).sandbox is True
    assert "start" in refused(["strat"], commands()).hint
    refused([], commands())
    refused(["start", "alice", "bob"], commands())

    arguments = Arguments()
    arguments.text("--seller-id", "x")
    arguments.rest("command", "what to run")
    words = ["--seller-id", "A1", "--", "curl", "--help", "--", "{x}"]
    assert arguments.parse(words).command == ["curl", "--help", "--", "{x}"]
    assert arguments.parse(['{"sellerId": "A1", "command": ["ls", "-l"]}']).command == ["ls", "-l"]
    arguments.switch("--all", "x")
    for words in (["--all"], ["--all", "--"], ["--all", "ls"], ["ls"]):
        assert "-- " in refused(words, arguments).hint, "it says where the command goes"


def test_words_that_an_ascii_locale_left_undecoded_become_text_again() -> None:
    """With LC_ALL=C and no UTF-8 mode, Python hands over the bytes as surrogates."""
    undecoded = "我的店铺 ☕".encode().decode("ascii", "surrogateescape")
    assert declared().parse(["--seller-name", undecoded]).seller_name == "我的店铺 ☕"
    refused(["--seller-name", "\udcff\udcfe"])


def test_help_needs_nothing_and_tells_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help wins over whatever else is there, and names each flag and exit code."""
    monkeypatch.setattr(sys, "argv", ["scripts/list.py", "--nonsense", "--help"])
    with pytest.raises(Help) as caught:
        declared().parse(["--nonsense", "--help"], "What it does.")
    text = str(caught.value)
    assert text.startswith("usage: list.py [--seller-name NAME] ")
    assert "]\n\nWhat it does.\n" in text
    for word in ("--seller-name NAME", "--vendor", "NA|EU|FE", "130", "bad_arguments", "out_of_credit"):
        assert word in text


def outcome(words: list[str]) -> SimpleNamespace | str:
    """The options, or the code of the failure, or "help"."""
    try:
        return declared().parse(words)
    except Help:
        return "help"
    except ClientError as failure:
        return failure.code


@given(st.lists(st.text(), max_size=5))
def test_no_command_line_makes_it_stumble(words: list[str]) -> None:
    """Whatever is typed, the answer is options, help, or a failure with a code."""
    found = outcome(words)
    assert isinstance(found, SimpleNamespace) or found in ("help", "bad_arguments")


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
)
def test_no_json_value_makes_it_stumble(value: object) -> None:
    """Any value under any key is taken or refused, and what is taken has the right type."""
    names = {"sellerName": "seller_name", "profileId": "profile_id"}
    for key, kind in (("sellerName", str), ("profileId", int), ("vendor", bool), ("scope", list)):
        found = outcome([json.dumps({key: value})])
        assert found == "bad_arguments" or isinstance(getattr(found, names.get(key, key)), kind)
