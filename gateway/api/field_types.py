"""The kinds of fields that requests are made of: how each is read, described, and refused in our own words.

A kind is metadata of an `Annotated` type. What it refuses is told by its words alone: nothing of what was
given gets into an answer or a log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from gateway.amazon.ads_api import LARGEST_PROFILE_ID
from gateway.amazon.marketplaces import REGIONS, Marketplace
from gateway.authorization import details
from gateway.authorization.callback import CODE, SELLER_ID
from gateway.authorization.return_address import (
    LONGEST_EXTERNAL_ID,
    LONGEST_RETURN_URL,
    read_external_id,
    read_return_url,
)
from gateway.authorization.scopes import SPAPI_SCOPES, parse_scopes
from gateway.model import Central, Region
from gateway.proxy.allow_list import METHODS
from gateway.tokens.grant_tokens import LARGEST_MIN_TTL
from gateway.util.secret import Secret

Schema = dict[str, Any]
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 2**31 - 1
LONGEST_ID = 19
A_STRING = "expected a string"
AN_ID = f"expected an integer, or 1 to {LONGEST_ID} digits, from 1 to 2^63-1"
A_TOKEN = "expected a token of Amazon's"  # noqa: S105 (words)
AN_ATTEMPT = "expected the id that authorizeUrl returned"


@dataclass(frozen=True, slots=True, eq=False)
class FieldKind:
    """A kind of field: its core schema of pydantic, its JSON schema, and what is said where it is missing."""

    core: CoreSchema
    shown: Schema
    missing: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.core

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return dict(self.shown)


def _worded(schema: CoreSchema, words: str) -> CoreSchema:
    """Return a schema that refuses in these words."""
    return core_schema.custom_error_schema(schema, "refused", custom_error_message=words)


_STRING = _worded(core_schema.str_schema(strict=True), A_STRING)


def _text(rule: CoreSchema | None, words: str, shown: Schema) -> FieldKind:
    """Return a string, by a rule of pydantic's own."""
    core = _STRING if rule is None else core_schema.chain_schema([_STRING, _worded(rule, words)])
    return FieldKind(core, {"type": "string", **shown}, words)


def _word(*words: str, upper: bool, refusal: str, trimmed: bool = True) -> FieldKind:
    """Return one of a few words. Their case does not matter, nor do spaces around them."""
    letters = ("".join(f"[{each.upper()}{each.lower()}]" for each in one) for one in words)
    pattern = f"({'|'.join(letters)})"
    rule = core_schema.str_schema(
        pattern=f"^{pattern}$", strip_whitespace=trimmed, to_upper=upper, to_lower=not upper
    )
    around = r"\s*" if trimmed else ""
    shown = {
        "anyOf": [
            {"type": "string", "enum": list(words)},
            {"type": "string", "pattern": f"^{around}{pattern}{around}$"},
        ]
    }
    return FieldKind(core_schema.chain_schema([_STRING, _worded(rule, refusal)]), shown, refusal)


def _read(read: Callable[[Any], Any], missing: str, shown: Schema) -> FieldKind:
    """Return what `read` makes of a value; its ValueError says in our words what was expected."""
    return FieldKind(core_schema.no_info_plain_validator_function(read), shown, missing)


def _of_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def read_text(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError(A_STRING)
        return read(value)

    return read_text


def _number(value: object) -> int:
    """Return an id, as a number or in digits, for languages that cannot hold 64 bits."""
    if isinstance(value, str):
        digits = value.strip()
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_ID else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_PROFILE_ID:
        raise ValueError(AN_ID)
    return value


def _token(text: str) -> Secret:
    token = text.strip()
    if not CODE.fullmatch(token):
        raise ValueError(A_TOKEN)
    return Secret(token)


def _any_token(text: str) -> Secret:
    return Secret(text.strip())  # one that is read from a file may bring its line break


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("expected a list of strings")
    return value


def _scopes(value: object) -> tuple[str, ...]:
    return parse_scopes(_texts(value))


def _whole(what: str, smallest: int, largest: int) -> FieldKind:
    """Return a whole number; a truth value and digits in a string are none."""
    rule = core_schema.int_schema(strict=True, ge=smallest, le=largest)
    words = f"expected {what} from {smallest} to {largest}"
    return FieldKind(_worded(rule, words), {"type": "integer", "minimum": smallest, "maximum": largest})


_SELLER = "expected an Amazon seller id"
_SELLER_RULE = core_schema.str_schema(strip_whitespace=True, pattern=f"^{SELLER_ID.pattern}$")
_NAME_PATTERN = rf"^\s*\S([\s\S]{{0,{details.LONGEST_NAME - 2}}}\S)?\s*$"
_ID = {
    "anyOf": [
        {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_PROFILE_ID},
        {"type": "string", "pattern": rf"^\s*[0-9]{{1,{LONGEST_ID}}}\s*$"},
    ]
}

Text = Annotated[str, _text(None, A_STRING, {})]
AmazonPath = Annotated[
    str, FieldKind(_STRING, {"type": "string"}, "expected a path such as /orders/v0/orders")
]
SellerId = Annotated[str, _text(_SELLER_RULE, _SELLER, {"pattern": rf"^\s*{SELLER_ID.pattern}\s*$"})]
RegionName = Annotated[Region, _word(*REGIONS, upper=True, refusal=details.A_REGION)]
CentralName = Annotated[Central, _word("seller", "vendor", upper=False, refusal="expected seller or vendor")]
Method = Annotated[
    str, _word(*METHODS, upper=True, refusal=f"expected one of {', '.join(METHODS)}", trimmed=False)
]
A_NAME_IS_NEEDED = f"a name of 1 to {details.LONGEST_NAME} characters is needed"
Name = Annotated[
    str,
    _read(
        _of_text(details.read_name),
        A_NAME_IS_NEEDED,
        {"type": "string", "pattern": _NAME_PATTERN},
    ),
]
Site = Annotated[Marketplace, _read(_of_text(details.read_marketplace), "", {"type": "string"})]
Flag = Annotated[
    bool,
    FieldKind(_worded(core_schema.bool_schema(strict=True), "expected true or false"), {"type": "boolean"}),
]
NumberId = Annotated[int, _read(_number, AN_ID, _ID)]
MinTtl = Annotated[int, _whole("whole seconds", 0, LARGEST_MIN_TTL)]
Limit = Annotated[int, _whole("a whole number", 1, LARGEST_LIMIT)]
Offset = Annotated[int, _whole("a whole number", 0, LARGEST_OFFSET)]
RefreshToken = Annotated[
    Secret, _read(_of_text(_token), A_TOKEN, {"type": "string", "pattern": rf"^\s*{CODE.pattern}\s*$"})
]
AnyToken = Annotated[Secret, _read(_of_text(_any_token), A_STRING, {"type": "string"})]
Texts = Annotated[list[str], _read(_texts, "", {"type": "array", "items": {"type": "string"}})]
Scopes = Annotated[
    tuple[str, ...],
    _read(_scopes, "", {"type": "array", "items": {"type": "string", "enum": list(SPAPI_SCOPES)}}),
]
ReturnUrl = Annotated[
    str,
    _read(
        _of_text(read_return_url),
        "",
        {"type": "string", "format": "uri", "pattern": "^https?://[^#]+$", "maxLength": LONGEST_RETURN_URL},
    ),
]
ExternalId = Annotated[
    str,
    _read(
        _of_text(read_external_id),
        "",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_EXTERNAL_ID},
    ),
]
AttemptId = Annotated[str, _text(None, AN_ATTEMPT, {})]
