"""Each number that people are told is the one that the code goes by, or a fact of Amazon's.

A page says its number in a sentence below; where the constant changes, its test names the sentences to
change. A number that stands in no sentence here is found, too: nobody tells one that nothing decides.
"""

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pytest
from linkfox_client.commands.tokens import DEFAULT_MIN_TTL, MOST_MIN_TTL
from linkfox_client.errors import EXIT_CODES
from linkfox_client.keys import keyring

from gateway.amazon import forwarding
from gateway.api import amazon_addresses, login_with_amazon
from gateway.api.field_types import LARGEST_MIN_TTL
from gateway.applications import shares
from gateway.asgi import failed_keys
from gateway.authorization import site_refresh
from gateway.authorization.appstore import STATE_SECONDS
from gateway.authorization.confirmation import CONFIRM_SECONDS
from gateway.authorization.details import LONGEST_NAME
from gateway.cli.parser import COMMANDS_FILE, command_parser
from gateway.errors import EXIT_CODES as GATEWAY_EXIT_CODES
from gateway.jobs import deliverer, schedule
from gateway.monitoring import logs, overview, warnings
from gateway.proxy import pacing
from gateway.server import connection_limits, write_watch
from gateway.server.serve import GRACE_SECONDS, KEEP_ALIVE_SECONDS
from gateway.settings.backups import KEEP
from gateway.settings.listening import Listening
from gateway.settings.settings import MEGABYTE, Settings
from gateway.settings.variables import declared
from gateway.settings.webhook import LEAST_WEBHOOK_SECRET
from gateway.tokens import stand_in_tokens
from gateway.tokens.retries import Retries
from gateway.tokens.service import JUST_REFRESHED
from gateway.util import secret, text
from gateway.util.threads import PROXY_THREADS
from gateway.vault import applications, attempts, call_buckets, forced_refreshes, refresh_queue, sessions
from gateway.vault.database import bounded, engine, postgresql_reader
from gateway.vault.grant_rows import REFRESH_JITTER
from gateway.vault.keys.facts import HANDOVER_SECONDS
from gateway.vault.keys.sealing import KEY_LENGTH
from tests.support.markdown import ROOT

MINUTE, HOUR, DAY = 60, 3600, 86_400
SPELLED = {2: "two", 3: "three", 5: "five", 6: "six", 10: "ten", 26: "twenty-six"}
CHINESE = {1: "一", 2: "两", 3: "三", 5: "五", 10: "十"}

SKILL = "SKILL.md"
FLOW = "references/authorization-flow.md"
API = "references/api.md"
OPERATIONS = "references/operations.md"
SECURITY = "references/security.md"
SELF_HOSTING = "references/self-hosting.md"
QUICK_START = "references/quick-start.md"
ERRORS = "references/errors.json"
METRICS = "gateway/monitoring/metrics.py"
ENGLISH_WORDS = "gateway/web/words_en.py"
CHINESE_WORDS = "gateway/web/words_zh.py"
CHINESE_PROBLEMS = "gateway/web/problems_zh.py"
CHINESE_PAGE = "references/chinese.md"
PAGES = (
    *(SKILL, "README.md", FLOW, API, OPERATIONS, SECURITY, SELF_HOSTING, QUICK_START, ERRORS),
    *("references/permissions.md", "references/hosted-and-self-hosted.md"),
    *(ENGLISH_WORDS, CHINESE_WORDS, CHINESE_PROBLEMS, CHINESE_PAGE),
)
# What the figures of a benchmark are is not decided in the code.
MEASURED = "## How far it goes"

NUMBER = re.compile(
    r"\b(?:\d[\d,.]*|two|three|four|five|six|ten|twelve|twenty-six|twenty) (?:random |proxied |bad )?"
    r"(?:minutes?|hours?|days?|seconds?|characters?|MB|tries|times|bytes|calls|ones|requests|connections)\b"
    r"|[一两三四五六七八九十\d]+ ?(?:分钟|小时|天|秒|个字符)"
)


@dataclass(frozen=True)
class Fact:
    """A number and the sentences that tell it: `{n}` in figures, `{word}` spelled out, `{zh}` in Chinese."""

    name: str
    number: float
    sentences: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def said_in(self, page: str) -> list[str]:
        """Return the sentences of a page, with the number."""
        number = int(self.number)
        assert number == self.number, f"{self.name} is no whole number any more"
        forms = {"n": str(number), "word": SPELLED.get(number, str(number)), "zh": CHINESE.get(number, "")}
        return [sentence.format(**forms) for sentence in self.sentences.get(page, ())]


def default(function: Callable[..., object], name: str) -> float:
    """Return the default of a parameter."""
    value = inspect.signature(function).parameters[name].default
    assert isinstance(value, int | float)
    return value


def setting(name: str) -> float:
    """Return the default of a setting."""
    return default(Settings, name)


def days_of_notices() -> int:
    """Return for how many days a notice is tried that nobody takes."""
    return round(sum(map(deliverer.PAUSES.pause, range(deliverer.MOST_TRIES - 1))) / DAY)


FACTS = [
    Fact(
        "how long a consent link works, in minutes",
        setting("attempt_lifetime") / MINUTE,
        {
            "scripts/authorize_url.py": ("It works once, for {n} minutes.",),
            "scripts/ads_authorize_url.py": ("It works once, for {n} minutes.",),
            "scripts/linkfox_client/commands/waiting.py": ("stays good for its {n} minutes;",),
            CHINESE_PAGE: ("链接 {n} 分钟内有效",),
            SKILL: ("It works once, for {n} minutes",),
            API: ("the consent link; works once, for {n} minutes",),
            FLOW: (
                "keep its hash for {n} minutes",
                "the attempt expires after {n} minutes",
                "the link works for {n}.",
                "stored as a hash, good for {n} minutes",
            ),
            SECURITY: ("one authorization | 5 and {n} minutes, once", "works once, for {n} minutes"),
            ERRORS: ("was not used within its {n} minutes", "finish within {n} minutes."),
        },
    ),
    Fact(
        "the longest name of a store or account",
        LONGEST_NAME,
        {
            SKILL: ("(1 to {n} characters;",),
        },
    ),
    Fact("the most that minTtl may ask for", LARGEST_MIN_TTL, {API: ("`minTtl`, 0 to {n} seconds",)}),
    Fact(
        "what a token has left that is got as from Login with Amazon",
        login_with_amazon.LEAST_LEFT,
        {API: ("with at least {n} seconds left",)},
    ),
    Fact(
        "the life of a stand-in token",
        stand_in_tokens.LIFETIME,
        {API: ("that store, account or profile, for {n} seconds",)},
    ),
    Fact(
        "the life of a stand-in token, in hours",
        stand_in_tokens.LIFETIME / HOUR,
        {SECURITY: ("through the gateway that made it alone | {n} hour,",)},
    ),
    Fact(
        "how long a refresh of the sites of stores is waited for",
        site_refresh.PATIENCE,
        {API: ("for {n} seconds at most",)},
    ),
    Fact(
        "the life that the scripts ask for",
        DEFAULT_MIN_TTL,
        {FLOW: ("asks for {n} seconds of life by default",)},
    ),
    Fact(
        "how long the confirmation page waits, in minutes",
        CONFIRM_SECONDS / MINUTE,
        {
            API: ("or none within {word} minutes",),
            FLOW: ("After {word} minutes, as long as a code lives",),
            ERRORS: ("The confirmation was not given within {word} minutes",),
            CHINESE_PROBLEMS: ("没有在{zh}分钟内确认",),
        },
    ),
    Fact(
        "how long a state from the Appstore works, in minutes",
        STATE_SECONDS / MINUTE,
        {FLOW: ("good for {word} minutes, and shows the link back",)},
    ),
    Fact(
        "how long an attempt is kept after its link's end, in days",
        attempts.KEPT_SECONDS / DAY,
        {API: ("until {n} days after the link's end",)},
    ),
    Fact(
        "how many calls of one user the proxy makes at once",
        PROXY_THREADS // 2,
        {API: ("up to {n} calls under way",), OPERATIONS: ("{n} of them for one user", "a user's {n} waits")},
    ),
    Fact("the proxy's threads", PROXY_THREADS, {OPERATIONS: ("up to {n} proxied calls at once",)}),
    Fact(
        "how long a call waits for a place",
        shares.LONGEST_WAIT,
        {
            API: ("more wait for at most {word} seconds",),
            OPERATIONS: ("in order, for at most {word} seconds",),
        },
    ),
    Fact(
        "how long a call waits for its turn",
        pacing.USUAL_DEADLINE,
        {API: ("without it {n}), and is then sent",)},
    ),
    Fact("the longest that it may wait", call_buckets.LONGEST_WAIT, {API: ("`X-Deadline` says (0 to {n},",)}),
    Fact(
        "bad keys of one address in a minute",
        failed_keys.MOST_FAILURES,
        {API: ("after {n} requests with a bad key",), SECURITY: ("after {n} bad ones a minute",)},
    ),
    Fact(
        "how long ahead the end of an authorization is told, in days",
        warnings.ENDING_SECONDS / DAY,
        {
            OPERATIONS: (
                "so many authorizations that end within {n} days",
                "| authorizations that end within {n} days",
                "{n} days before an authorization ends",
            ),
            METRICS: ("Authorizations that end within {n} days.",),
        },
    ),
    Fact(
        "the life of a client secret, in days",
        warnings.SECRET_DAYS,
        {
            OPERATIONS: ("Amazon ends it at {n}", '"endsAfterDays": {n}'),
            FLOW: ("(a secret lasts {n} days)",),
            SECURITY: ("everything that token opens | {n} days",),
            SELF_HOSTING: ("The client secret ends after {n} days",),
            ERRORS: ("(it ends after {n} days)",),
            CHINESE_PROBLEMS: ("（有效期 {n} 天）",),
        },
    ),
    Fact(
        "the age at which a client secret is warned of",
        warnings.WARN_DAYS,
        {OPERATIONS: ("a client secret older than {n} days", "When a client secret is {n} days old")},
    ),
    Fact(
        "how long before the end of a client secret that is",
        warnings.SECRET_DAYS - warnings.WARN_DAYS,
        {SELF_HOSTING: ("`doctor.py` warns {n} days before its end",)},
    ),
    Fact(
        "the lease of a refresh",
        setting("refresh_lease"),
        {
            OPERATIONS: (
                "it nears the {n} seconds of a lease",
                "ends by itself after {n} seconds",
                "its refreshes are free again after {n} seconds",
            )
        },
    ),
    Fact(
        "how long the overview is kept", overview.KEPT_SECONDS, {OPERATIONS: ("at most every {n} seconds",)}
    ),
    Fact(
        "how long a former master key leads to the new one, in minutes",
        HANDOVER_SECONDS / MINUTE,
        {
            SELF_HOSTING: (
                "comes to the new key within {word} minutes of its end",
                "for {word} minutes after.",
            )
        },
    ),
    Fact(
        "for how long a refreshed token is answered as it is",
        JUST_REFRESHED,
        {API: ("refreshed less than {n} seconds ago is answered as it is",)},
    ),
    Fact(
        "the refreshes that a user may force at once",
        forced_refreshes.BURST,
        {API: ("A user may force {n} refreshes at once",)},
    ),
    Fact(
        "the first pause of a notice", deliverer.PAUSES.first, {OPERATIONS: ("repeated after {n} seconds",)}
    ),
    Fact(
        "the longest pause of a notice, in hours",
        deliverer.PAUSES.longest / HOUR,
        {OPERATIONS: ("each time up to {word} hours",)},
    ),
    Fact(
        "the tries of a notice",
        deliverer.MOST_TRIES,
        {OPERATIONS: ("given up after {n} tries", "after {n} tries it never will be sent")},
    ),
    Fact(
        "how long a notice is tried, in days",
        days_of_notices(),
        {OPERATIONS: ("which is about {word} days",)},
    ),
    Fact(
        "where the log begins anew, in MB",
        logs.LARGEST_LOG / MEGABYTE,
        {OPERATIONS: ("beyond {n} MB that goes on",), SELF_HOSTING: ("beyond {n} MB it begins anew",)},
    ),
    Fact(
        "how long before its end a token is renewed, in minutes",
        refresh_queue.MARGIN / MINUTE,
        {OPERATIONS: ("renews tokens {n} minutes before they expire",)},
    ),
    Fact(
        "by how much that differs, in minutes",
        REFRESH_JITTER // MINUTE,
        {OPERATIONS: ("plus up to {n} minutes that differ",)},
    ),
    Fact(
        "when a failed refresh ahead is tried again, in minutes",
        refresh_queue.LONGEST_CLAIM / 1000 / MINUTE,
        {OPERATIONS: ("is tried again after {word} minutes",)},
    ),
    Fact("the tries of a refresh", default(Retries, "tries"), {FLOW: ("a refresh is tried {word} times",)}),
    Fact(
        "the longest pause that Amazon is granted, in minutes",
        applications.LONGEST_ASKED_FOR / MINUTE,
        {FLOW: ("at most {word} minutes, else a second to a minute",)},
    ),
    Fact(
        "how long the database may take",
        bounded.SECONDS,
        {
            OPERATIONS: ("calls take {word} seconds to fail", "the gateway gives up after {word} seconds"),
            SELF_HOSTING: ("of itself the gateway waits {word} seconds",),
        },
    ),
    Fact(
        "how long it may take after a failure",
        bounded.SECONDS_AFTER_A_FAILURE,
        {OPERATIONS: ("then after {word} |",)},
    ),
    Fact(
        "connections of a process to PostgreSQL",
        engine.POSTGRES_POOL + 2 * postgresql_reader.CONNECTIONS,
        {OPERATIONS: ("keeps up to {word} connections",)},
    ),
    Fact(
        "what is shown of a secret",
        secret.SHOWN,
        {SECURITY: ("first {n} characters and",)},
    ),
    Fact("what is shown of Amazon's words", text.LONGEST_SHOWN, {SECURITY: ("cut at {n} characters",)}),
    Fact(
        "the life of a session, in hours",
        sessions.LIFETIME / HOUR,
        {SECURITY: ("a session ends after {n} hours",), SELF_HOSTING: ("A sign-in lasts {n} hours",)},
    ),
    Fact(
        "the codes that one link brings",
        attempts.MOST_CODES,
        {FLOW: ("One link brings {word} codes at most",)},
    ),
    Fact(
        "the life of a session on loopback, in hours",
        sessions.LOOPBACK_LIFETIME / HOUR,
        {
            SECURITY: ("so a session there ends after {n} hour",),
            SELF_HOSTING: ("{n} hour on this machine",),
        },
    ),
    Fact(
        "the largest answer of Amazon's, in MB",
        setting("largest_amazon_answer") / MEGABYTE,
        {SECURITY: ("endless answers | {n} MB at most",)},
    ),
    Fact(
        "the largest request of the proxy, in MB",
        setting("proxy_largest_request") / MEGABYTE,
        {SELF_HOSTING: ("take bodies of {n} MB", "client_max_body_size {n}m")},
    ),
    Fact(
        "from what size on a body is sent on while it comes, in MB",
        amazon_addresses.GATHERED / MEGABYTE,
        {
            API: ("A body of more than {n} MB is sent on while it comes",),
            OPERATIONS: ("the rest of a body of more than {n} MB, is waited for",),
        },
    ),
    Fact(
        "the pieces in which an answer is passed on, in KB",
        forwarding.PIECE / 1024,
        {OPERATIONS: ("two pieces of {n} KB are in memory",)},
    ),
    Fact(
        "how long a proxied call may take",
        setting("proxy_timeout"),
        {SELF_HOSTING: ("(a proxied call may take {n})",)},
    ),
    Fact(
        "what a load balancer waits: that, a call's turn, a place among the calls, and a little",
        setting("proxy_timeout") + pacing.USUAL_DEADLINE + shares.LONGEST_WAIT + 5,
        {SELF_HOSTING: ("wait {n} seconds for an answer", "proxy_read_timeout {n}s")},
    ),
    Fact(
        "the shortest secret of a webhook",
        LEAST_WEBHOOK_SECRET,
        {SELF_HOSTING: ("what they are signed with, at least {n} characters",)},
    ),
    Fact("how long a stop waits", GRACE_SECONDS, {SELF_HOSTING: ("what is in flight within {n} seconds",)}),
    Fact(
        "the length of the master key",
        KEY_LENGTH,
        {
            SELF_HOSTING: (
                "{n} random bytes, in base64",
                "master key, {n} bytes in base64",
                "openssl rand -base64 {n}",
            )
        },
    ),
    Fact(
        "how long a head may take",
        connection_limits.HEAD_SECONDS,
        {SELF_HOSTING: ("the whole of the headers | {n} seconds",)},
    ),
    Fact(
        "how long a body may take",
        connection_limits.BODY_SECONDS,
        {SELF_HOSTING: ("the whole of the body | {n} seconds more",)},
    ),
    Fact(
        "how large a head may be",
        connection_limits.LARGEST_HEAD // 1024,
        {SELF_HOSTING: ("request line and headers | {n} KB",), ERRORS: ("larger than the {n} KB",)},
    ),
    Fact(
        "how slowly a body may come",
        connection_limits.BODY_BYTES_A_SECOND // 1024,
        {SELF_HOSTING: ("one more for each {n} KB",)},
    ),
    Fact("how large a body may be", setting("largest_body") // 1024, {SELF_HOSTING: ("body | {n} KB;",)}),
    Fact(
        "how soon it shows that nothing can be written",
        schedule.WRITE_PROBE_SECONDS,
        {OPERATIONS: ("it is noticed within {n} seconds",)},
    ),
    Fact("how long silence may be", KEEP_ALIVE_SECONDS, {SELF_HOSTING: ("two requests | {n} seconds",)}),
    Fact(
        "how long nothing may be taken of an answer",
        write_watch.STALLED_SECONDS,
        {
            SELF_HOSTING: ("an answer to take | {n} seconds",),
            API: ("takes nothing of an answer for {n} seconds",),
            OPERATIONS: ("takes nothing of an answer for {n} seconds",),
        },
    ),
    Fact("how long a keyring may take", keyring.SECONDS, {QUICK_START: ("given up after {word} seconds",)}),
]
# Facts of Amazon's, which references/amazon.md has, and advice that nothing of ours depends on.
NOT_OURS: dict[str, tuple[str, ...]] = {
    SKILL: ("Longer than 50 minutes", "ends authorizations after 365 days"),
    API: ("about 350 characters",),
    FLOW: (
        "access token (1 hour)",
        "within the five minutes that the code lives",
        "The whole should be done within ten minutes",
        "commonly after 365 days",
        "new link, finish within five minutes",
        "The link is about 270 characters long",
    ),
    SECURITY: ("one store or ads account | 1 hour",),
    SELF_HOSTING: ("complete the authorization with it within five minutes", "end after 365 days"),
    OPERATIONS: ("refuse a timestamp older than five minutes", "it is four times as many"),
    ERRORS: ("Make a new link and finish within five minutes",),
    CHINESE_PAGE: ("请在五分钟内把地址栏里的完整地址",),
    CHINESE_WORDS: ("1 分钟",),
    CHINESE_PROBLEMS: ("请等待一分钟", "请一分钟后重试", "请一分钟后重新生成链接", "并在五分钟内完成"),
    ENGLISH_WORDS: ("1 minute",),
}


@cache
def text_of(page: str) -> str:
    """Return a page's text with line breaks made into spaces, without what is measured.

    The tables of fields are left out, too: they are made from the models, and those from the constants.
    """
    whole = (ROOT / page).read_text(encoding="utf-8")
    whole = re.sub(r"<!-- fields:(\w+):begin -->.*?<!-- fields:\1:end -->", "", whole, flags=re.DOTALL)
    head, _, tail = whole.partition(MEASURED)
    return " ".join((head + tail.partition("\n## ")[2]).split())


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_number_is_the_one_that_the_code_goes_by(fact: Fact) -> None:
    """Every sentence of the table stands in its page, with the number of today."""
    for page in fact.sentences:
        for sentence in fact.said_in(page):
            assert sentence in text_of(page), page


@pytest.mark.parametrize("page", PAGES)
def test_no_page_tells_a_number_that_nothing_decides(page: str) -> None:
    """What is left of a page without the sentences of the table has no number with a unit."""
    said = text_of(page)
    for sentence in NOT_OURS.get(page, ()):
        assert sentence in said, "what is not there any more needs no exception"
    known = [*NOT_OURS.get(page, ()), *(sentence for fact in FACTS for sentence in fact.said_in(page))]
    for sentence in sorted(known, key=len, reverse=True):
        said = said.replace(sentence, "…")
    assert NUMBER.findall(said) == []


def test_the_scripts_ask_for_no_more_than_the_gateway_grants() -> None:
    """The two parts know the limit of `minTtl` each for itself."""
    assert MOST_MIN_TTL == LARGEST_MIN_TTL


def test_the_listed_defaults_are_those_of_the_settings() -> None:
    """The help of `serve` names the setting that a flag goes before, and what holds without both."""
    declared_by = {variable.name: field.default for field, variable in declared(Listening)}
    options = json.loads(COMMANDS_FILE.read_text(encoding="utf-8"))["serve"]["options"]
    assert {option["setting"]: option.get("default") for option in options} == declared_by
    assert command_parser().parse_args(["serve"]).port is None


def test_the_help_tells_how_many_backups_stay() -> None:
    """A command and the gateway's own schedule keep as many."""
    options = json.loads(COMMANDS_FILE.read_text(encoding="utf-8"))["backup"]["options"]
    (told,) = [option["help"] for option in options if option["flag"] == "--keep"]
    assert told.endswith(f"(default {KEEP})")


def test_the_parts_end_with_the_same_exit_codes() -> None:
    """The gateway's commands are started by the scripts, which pass their failures on."""
    assert dict(GATEWAY_EXIT_CODES).items() <= dict(EXIT_CODES).items()
