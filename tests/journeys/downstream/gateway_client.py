"""How published skills call the gateway: urllib, a key and an address from the environment, no retry.

These programs stand for skills that know nothing of this project: standard library only, nothing imported
from it, and only the fields that the hosted gateway has always sent.
"""

import json
import os
import sys
import urllib.error
import urllib.request

GATEWAY = os.environ.get("LINKFOX_TOOL_GATEWAY", "https://tool-gateway.linkfox.com").rstrip("/")
API_KEY = os.environ["LINKFOX_AGENT_API_KEY"]


def call(path, params):
    """Post to the gateway and return its document; end with a message where it says that it failed."""
    request = urllib.request.Request(
        GATEWAY + path,
        data=json.dumps(params).encode("utf-8"),
        headers={
            "Authorization": API_KEY,
            "Content-Type": "application/json",
            "User-Agent": "Some-Skill/1.0",
        },
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            document = json.loads(response.read().decode("utf-8"))
    except urllib.error.HTTPError as error:
        fail({"httpError": error.code, **json.loads(error.read().decode("utf-8"))})
    if document.get("errcode", 200) not in (0, 200):
        fail(document)
    return document


def call_amazon(path, params):
    """Call Amazon through the gateway; returns its status and its body as JSON."""
    document = call(path, params)
    if document["errcode"] != 200:
        fail(document)
    return document["httpStatus"], json.loads(document["body"])


def fail(document):
    """Print why and end."""
    print(json.dumps({"error": document}))
    sys.exit(1)


def done(result):
    """Print the result."""
    print(json.dumps(result))
