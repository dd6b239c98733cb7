"""A stand-in for Amazon on loopback: consent pages, token endpoint, Ads and Selling Partner APIs.

Start: `python -I amazon_sandbox/__main__.py --port 0 [--state PATH] [--callback URL …] [--exit-with-stdin]`.
The first line on standard output is JSON: `{"ok": true, "url": …, "spapi": {"appId", "clientId",
"clientSecret"}, "ads": {…}}`.
Amazon's `https://HOST/PATH` is served at `{url}/HOST/PATH`, as references/amazon.md and answers.json have it.

What it plays, how a consent is given without a browser, and the control path `{url}/_sandbox/…` by which
tests let it refuse, wait and forget: references/building.md, "The sandbox's controls".
"""
