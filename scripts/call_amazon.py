# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Call an API of Amazon's for a store or an ads profile; the gateway puts the token in, and no token leaves it.

Examples:
  python3 scripts/call_amazon.py GET /sellers/v1/marketplaceParticipations --store "My Store"
  python3 scripts/call_amazon.py GET /orders/v0/orders --seller-id A1B2C3D4E5F6G7 --region NA --query MarketplaceIds=ATVPDKIKX0DER CreatedAfter=2026-11-01T00:00:00Z
  python3 scripts/call_amazon.py POST /sp/campaigns/list --account "My Brand" --site US --body-file filter.json
  python3 scripts/call_amazon.py GET /orders/v0/orders/902-0000001-0000001 --store "My Store" --restricted buyerInfo shippingAddress
  python3 scripts/call_amazon.py GET /notifications/v1/destinations --region NA
  python3 scripts/call_amazon.py '{"method": "GET", "path": "/v2/profiles", "profileId": 1234567890}'

Answers httpStatus, contentType, body (parsed where it is JSON, cut where it is long), requestId, rateLimit and
retryAfter, where Amazon sent them. What Amazon refuses is a failure with the same fields and, where it can be
told, its cause: references/permissions.md. A token that Amazon no longer takes is refreshed, and a GET
repeated, by the gateway; nothing else is sent twice. --region alone: a grantless call of the application's own, by
an own gateway, for a key with the right application. On the hosted gateway each call costs credit.
"""  # noqa: E501 - a command is one line

from linkfox_client import command
from linkfox_client.commands import amazon_call, choice


def declare(arguments):
    arguments.positional(
        "method",
        "GET reads; others need --write, unless Amazon says that they only read",
        choices=amazon_call.METHODS,
        required=True,
    )
    arguments.positional(
        "path", "Amazon's path, without host or query", required=True, most=4096, metavar="/PATH"
    )
    choice.declare_either(arguments, or_none=True)
    arguments.pairs(
        "--query", "parameters, not encoded; one that is a list has its values with commas", most=16_000
    )
    arguments.content("--body", "a short text to send, such as JSON", most=amazon_call.LONGEST_BODY)
    arguments.path("--body-file", "a file of UTF-8 text to send, such as JSON")
    arguments.text(
        "--content-type", "the body's media type (default: what Amazon publishes, or JSON)", metavar="TYPE"
    )
    arguments.text(
        "--accept", "the media type to get back (default: what Amazon publishes, or JSON)", metavar="TYPE"
    )
    arguments.path("--output-file", "write Amazon's body whole to this new file (0600)")
    arguments.switch("--write", "let the call change something at Amazon; ask the user first")
    arguments.texts(
        "--restricted",
        "own gateway, a key with the right personal: data of buyers, such as buyerInfo shippingAddress of "
        "Orders v0; all: of a report's document",
        metavar="ELEMENT",
    )
    arguments.at_most_one("--body", "--body-file")
    arguments.check(amazon_call.check)


def run(options, gateway):
    chosen = choice.either(gateway, options)
    target = amazon_call.target(gateway, chosen)
    return amazon_call.make(gateway, target, options.call, options.output_file)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
