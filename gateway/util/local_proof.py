"""How a gateway proves to the scripts of its own machine that it is the one whose data folder they know.

A port that a gateway left can be taken by anybody. So before a script sends its API key on a connection, it
sends a random number there, and the gateway answers a code over it that takes the owner's API key to make.
The scripts keep a copy of their own (`linkfox_client/local/local_proof.py`): the parts never import each
other.
"""

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address

PATH = "/localProof"
NONCE_BYTES = 32
PURPOSE = "linkfox-amazon-auth: this is the gateway of the owner"


def proof_of(owner_key: str, nonce: str, address: str, port: int) -> str:
    """Return the proof, in hexadecimal digits: HMAC-SHA256 (RFC 2104), with the owner's key as its key.

    `nonce`: the random number in hexadecimal digits. `address` and `port` are where the gateway's end of the
    connection is: to pass the number on to the gateway from another port gives another proof.
    """
    told = "\n".join([PURPOSE, nonce, _plain(address), str(port)])
    return hmac.new(owner_key.encode(), told.encode(), hashlib.sha256).hexdigest()


def _plain(address: str) -> str:
    """Return an IP address as both ends write it: an IPv4 one as such where it came by IPv6 (RFC 4291)."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
