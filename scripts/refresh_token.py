# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Ask Amazon for a new access token of a store, and show it masked.

Examples:
  python3 scripts/refresh_token.py --seller-id A1B2C3D4E5F6G7 --region NA
  python3 scripts/refresh_token.py '{"sellerId": "A1B2C3D4E5F6G7"}'

To use a token, run the program that needs it under with_token.py.
"""

from linkfox_client import command


def declare(arguments):
    arguments.text(
        "--seller-id", "the store's seller id; authorized_stores.py lists them", required=True, metavar="ID"
    )
    arguments.region(note="; needed where the seller is authorized in several")


def run(options, gateway):
    body = {"sellerId": options.seller_id}
    if options.region:
        body["region"] = options.region
    return gateway.post("/spApi/refreshToken", body)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
