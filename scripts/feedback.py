# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Tell the makers of this skill what went well or wrong. Nothing is sent except by calling this.

Examples:
  python3 scripts/feedback.py --sentiment NEGATIVE --category BUG --content "No region is shown" --dry-run
  python3 scripts/feedback.py --sentiment POSITIVE --category OTHER --content "Authorizing took a minute"
  python3 scripts/feedback.py '{"sentiment": "NEUTRAL", "category": "SUGGESTION", "content": "Sort by name"}'

Tokens, keys, mail addresses and seller ids are taken out first, and the document shows the text as sent. With
a self-hosted gateway it stays on this machine, in ~/.local/share/linkfox/feedback.jsonl. LINKFOX_FEEDBACK=off
turns it off. A feedback that could not be sent is no failure: the exit code is 0, and `sent` false.
"""

from linkfox_client import command


def declare(arguments):
    sentiments, categories = "POSITIVE NEUTRAL NEGATIVE", "BUG COMPLAINT SUGGESTION OTHER"
    arguments.choice("--sentiment", sentiments.split(), "how the user feels about it", required=True)
    arguments.choice("--category", categories.split(), "what it is", required=True)
    arguments.prose("--content", "what happened, what was expected (at most 4000 characters)", required=True)
    arguments.switch("--dry-run", "show what would be sent, and where to, and send nothing")


def run(options):
    from linkfox_client.commands import feedback

    return feedback.give(options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
