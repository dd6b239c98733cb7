"""The tools: which scripts an MCP client has, and what each takes, out of the scripts' declarations.

A tool has its script's name and its script's arguments, with the keys of the JSON form. Some of them are kept
back: what writes or reads files of this machine, or changes something at Amazon, while the server only reads.
"""

import importlib
import json
import shlex
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from linkfox_client.cli import output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.command_line import CommandLine, Help
from linkfox_client.cli.fields import Field
from linkfox_client.cli.rules import Rule
from linkfox_client.cli.values import either
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.mcp import wording

FOLLOWED = "--authorization-id"
# The fields of documents, at any depth, that say what to do.
ADVICE = ("hint", "remedy", "notes")
READS_ONLY = (
    "This server only reads. The user can let it write with `python3 scripts/install_skill.py --mcp HOST "
    "--write`, and then restarts the host."
)


class Declared(NamedTuple):
    """One row of the table of tools.

    `about`: said in place of the first paragraph of the script's docstring. `only`: the flags that the tool
    has, where it has not all, the needed one first; `kept_back`: those that it never has. `to_write`: those
    that it has on a server that may write; `needs_write`: so it is with the tool itself. `is_closed`: nobody
    but the gateway is asked.
    """

    name: str
    title: str
    script: str = ""
    about: str = ""
    only: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()
    to_write: tuple[str, ...] = ()
    needs_write: bool = False
    reads: bool = False
    is_closed: bool = False


_FOLLOWING = (FOLLOWED, "--wait")
LONGEST_WAIT = 50  # seconds
_FOLLOW_ABOUT = (
    "Tell what became of an attempt to authorize, with --wait once it is over. Many hosts end a call after "
    f"60 seconds: wait {LONGEST_WAIT} at most, and call again."
)
# No tool answers a token: these scripts are for programs.
FOR_PROGRAMS = ("store_tokens", "refresh_token", "ads_store_tokens", "ads_refresh_token", "with_token")
TABLE = (
    Declared("authorized_stores", "List the stores", reads=True),
    Declared("resolve_store", "Find a store", reads=True, is_closed=True),
    Declared(
        "authorize_url",
        "Authorize a store",
        about="Make the link by which a seller authorizes a store; follow_authorization tells how it ended.",
        kept_back=_FOLLOWING,
    ),
    Declared(
        "follow_authorization",
        "Follow a store's authorization",
        "authorize_url",
        _FOLLOW_ABOUT,
        only=_FOLLOWING,
        reads=True,
        is_closed=True,
    ),
    Declared("rename_store", "Rename a store", is_closed=True),
    Declared("remove_store", "Remove a store", needs_write=True, is_closed=True),
    Declared("ads_authorized_stores", "List the ads accounts", reads=True),
    Declared("ads_profiles", "List the ads profiles", reads=True),
    Declared("ads_resolve_profile", "Find an ads profile", reads=True, is_closed=True),
    Declared(
        "ads_authorize_url",
        "Authorize an ads account",
        about="Make the link by which an advertiser authorizes an ads account; ads_follow_authorization "
        "tells how it ended.",
        kept_back=_FOLLOWING,
    ),
    Declared(
        "ads_follow_authorization",
        "Follow an ads account's authorization",
        "ads_authorize_url",
        _FOLLOW_ABOUT,
        only=_FOLLOWING,
        reads=True,
        is_closed=True,
    ),
    Declared("ads_rename_account", "Rename an ads account", is_closed=True),
    Declared("ads_remove_account", "Remove an ads account", needs_write=True, is_closed=True),
    Declared(
        "call_amazon", "Call Amazon's API", to_write=("--write", "--body-file", "--output-file"), reads=True
    ),
    Declared("doctor", "Look for what is wrong", reads=True),
)


SCRIPTS = {f"{declared.name}.py": declared.name for declared in TABLE if not declared.script}
"""The scripts that are tools, each with its tool's name."""


class Tool:
    """One tool. `may_write`: the server was started with `--write`."""

    def __init__(self, declared: Declared, *, may_write: bool) -> None:
        self.declared = declared
        self.may_write = may_write
        self.name = declared.name
        self.script = f"{declared.script or declared.name}.py"
        module = importlib.import_module(self.script.removesuffix(".py"))
        self._about: str = module.__doc__ or ""
        self.arguments = Arguments()
        module.declare(self.arguments)

    @property
    def hands_over_link(self) -> bool:
        """Whether it makes a link that a person has to open."""
        return FOLLOWED in self.declared.kept_back

    @property
    def reads(self) -> bool:
        """Whether nothing is changed by it, neither at Amazon and the gateway nor on this machine."""
        return self.declared.reads and not (self.may_write and self.declared.to_write)

    @property
    def destroys(self) -> bool:
        """Whether something may be lost by it."""
        return not self.reads and bool(self.declared.needs_write or self.declared.to_write)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The script's arguments that the tool has."""
        declared = self.declared
        held = {*declared.kept_back, *(() if self.may_write else declared.to_write)}
        wanted = declared.only or [field.flag for field in self.arguments.fields]
        return tuple(
            field for field in self.arguments.fields if field.flag in wanted and field.flag not in held
        )

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The tool's arguments by the script's flags."""
        return {field.flag: field.key for field in self.fields}

    @property
    def followed_elsewhere(self) -> Mapping[str, str]:
        """Where the attempt is named that this tool does not follow itself, by the script's flag."""
        follows = [row.name for row in TABLE if row.script == self.name]
        return {FOLLOWED: f"authorizationId of {follows[0]}"} if follows else {}

    @property
    def schema(self) -> dict[str, Any]:
        """What the tool takes, as JSON Schema: an object of plain properties.

        Models' programs refuse `oneOf` and the like at the top; the rules between arguments are told in
        `description` and kept by the script.
        """
        properties = {field.key: self._property(field) for field in self.fields}
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | ({"required": self._required} if self._required else {})

    def _property(self, field: Field) -> dict[str, Any]:
        is_told = field.default is not None and not (field.is_switch or field.is_list)
        default = {"default": field.default} if is_told else {}
        return {**field.kind.schema, "description": self._told(field.help), **default}

    @cached_property
    def _required(self) -> list[str]:
        needed = [
            field.key for field in self.fields if field.required or field.flag in self.declared.only[:1]
        ]
        for rule in self.arguments.rules:
            flags = self._visible(rule.flags)
            if rule.kind in ("exactly_one", "one_or_more") and len(flags) == 1:
                needed += [] if self._visible(rule.others) else flags
        return list(dict.fromkeys(needed))

    @property
    def description(self) -> str:
        """What the script says of itself, without its examples, and which arguments go together."""
        paragraphs = [text for text in self._about.strip().split("\n\n") if not text.startswith("Examples:")]
        if self.declared.about:
            paragraphs = [self.declared.about, *([] if self.declared.only else paragraphs[1:])]
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        rules = " ".join(filter(None, (self._sentence(rule) for rule in self.arguments.rules)))
        return self._told(text) + (f"\n\n{rules}" if rules else "")

    def _told(self, text: str) -> str:
        return wording.plain(text, self.keys, SCRIPTS)

    def _visible(self, flags: tuple[str, ...]) -> list[str]:
        return [self.keys[flag] for flag in flags if flag in self.keys]

    def _sentence(self, rule: Rule) -> str:
        """Return a rule in words; empty where the tool lacks what it is about."""
        flags, others = self._visible(rule.flags), self._visible(rule.others)
        match rule.kind:
            case "exactly_one" if len(flags) > 1:
                return f"Give exactly one of {either(flags)}."
            case "one_or_more" if len(flags) > 1 or (flags and others):
                return f"Give at least one of {either(flags)}" + (
                    f", or {either(others)} alone." if others else "."
                )
            case "at_most_one" if len(flags) > 1:
                return f"Give at most one of {either(flags)}."
            case "needs" if flags and others:
                return f"{flags[0]} goes only with {either(others)}."
            case "excludes" if flags and others:
                return f"{flags[0]} does not go with {either(others)}."
            case "unless" if flags and others:
                return f"Without {flags[0]} give {' and '.join(others)}."
        return ""

    def check(self, given: Mapping[str, Any]) -> None:
        """Refuse what has an unknown name, and secrets, before they are in a command line.

        Raise ClientError (`bad_arguments`). The values are for the script.
        """
        names = {field.key: field.flag for field in self.arguments.fields}
        if any(names.get(key) in self.declared.to_write for key in given) and not self.may_write:
            held = [key for key in given if names.get(key) in self.declared.to_write]
            raise bad_arguments(f"{' and '.join(held)}: this server only reads", READS_ONLY)
        try:
            text = json.dumps(given)
        except (ValueError, RecursionError):
            raise bad_arguments("The arguments are no JSON object", "Give them as the schema says.") from None
        refuses = self.arguments.refuses_secrets
        CommandLine(self.fields, None, refuses_secrets=refuses).read([text])


def tools(*, may_write: bool) -> dict[str, Tool]:
    """Return the tools of a server by their names."""
    return {
        declared.name: Tool(declared, may_write=may_write)
        for declared in TABLE
        if may_write or not declared.needs_write
    }


def why_not(name: str) -> str:
    """Return why there is no tool of this name, as the end of a sentence; empty where nothing is known."""
    if name in SCRIPTS.values():
        return ": this server only reads, and one that is started with --write has it"
    if name in FOR_PROGRAMS:
        return ": no tool answers a token, and call_amazon makes the calls"
    return ""


def told(document: dict[str, Any], tool: Tool, known: Mapping[str, Tool]) -> dict[str, Any]:
    """Return a script's document with what it advises in the words of tools: calls, arguments, places."""
    keys = {**tool.followed_elsewhere, **tool.keys}

    def call_of(command: str) -> str:
        return _as_call(command, known)

    def worded(value: Any, *, is_advice: bool = False) -> Any:
        if isinstance(value, str):
            return wording.for_tools(value, keys, SCRIPTS, call_of) if is_advice else value
        if isinstance(value, list):
            return [worded(item, is_advice=is_advice) for item in value]
        if isinstance(value, dict):
            return {
                name: item if name == output.VERBATIM else worded(item, is_advice=name in ADVICE)
                for name, item in value.items()
            }
        return value

    shown: dict[str, Any] = worded(document)
    error = shown.get("error")
    if isinstance(error, dict):
        if not tool.may_write and "--write" in str(error.get("message")):
            error["hint"] = worded(READS_ONLY, is_advice=True)
        error["message"] = wording.plain(str(error.get("message", "")), keys, {})
    return shown


def _as_call(command: str, known: Mapping[str, Tool]) -> str:
    """Return a script's call, such as `authorize_url.py --store NAME`, as one of a tool; empty for none."""
    try:
        script, *words = shlex.split(command)
    except ValueError:
        return ""
    for tool in known.values():
        if tool.script != script or bool(tool.declared.only) != (FOLLOWED in words):
            continue
        whole = {field.flag for field in tool.fields if field.kind.schema.get("type") == "integer"}
        try:
            given = CommandLine(tool.fields, None, refuses_secrets=False).read(words)
            named = {tool.keys[flag]: int(text) if flag in whole else text for flag, text in given.items()}
        except (ClientError, Help, ValueError):  # arguments that the tool has not, or a word for a number
            return ""
        if tool.declared.only == _FOLLOWING and "wait" in named:
            named["wait"] = min(int(named["wait"]), LONGEST_WAIT)
        return f"{tool.name} with {json.dumps(named, ensure_ascii=False)}" if named else tool.name
    return ""
