"""A person's consent at the stand-in Amazon, by somebody whose browser cannot reach the gateway."""

import requests


def consent(link: str, **choices: str) -> str:
    """Confirm on the consent page; answer the address that the browser is sent to, and does not get to."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(link, data={"decision": "confirm", **choices}, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.text[-300:]
    return answer.headers["Location"]
