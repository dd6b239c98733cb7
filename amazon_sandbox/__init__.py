"""A stand-in for Amazon on loopback: consent pages, token endpoint, Ads and Selling Partner APIs.

Start: `python -I amazon_sandbox/__main__.py --port 0 [--state PATH] [--callback URL …] [--exit-with-stdin]`.
The first line on standard output is JSON: `{"ok": true, "url": …, "spapi": {"appId", "clientId",
"clientSecret"}, "ads": {…}}`.
Amazon's `https://HOST/PATH` is served at `{url}/HOST/PATH`, as references/amazon.md and answers.json have it.

Consent: GET the link, then POST to the same address `decision=confirm|cancel`, `selling_partner_id=…` and one
`scope=…` for each permission granted (SP-API), or `advertiser_id=…` (Ads). Pages are in
English or Chinese, by Accept-Language.
Appstore: `{url}/sellercentral.amazon.com/apps/store/dp/APPLICATION_ID` opens the application's Login URI.

SP-API: every published operation is known, with its required parameters and usage plan (the 21st getOrders
is a 429). Orders, reports, feeds, catalog, listings, stock, prices, notifications, sellers and restricted
data tokens have stories, other operations answer 501. Orders come as the clock goes on.
Ads: alike. Profiles, Sponsored Products lists (campaigns, ad groups, keywords, negative keywords,
product ads, targets), new campaigns and reports have stories.

Control path, `{url}/_sandbox/…`, JSON both ways; a POST needs `Content-Type: application/json`.

    GET  state                            clock, settings, apps, counts, the first 100 sellers and advertisers
    POST reset {}                         the sample world again; grants are gone, app credentials stay
    POST clock {"advance": 3600}          step the sandbox's clock (seconds)
    POST settings {"codeSeconds": 300}    also accessTokenSeconds, tokenLength, tokenMarker (in every token),
                                          participationsQuota {"rate", "burst"} (null = off)
    GET  ledger?FIELD=VALUE&limit=N       calls received, oldest first; `tokenPrint` tells masked tokens apart
    GET  ledger/counts                    {"total", "groups": [{host, path, grantType, outcome, count}]}
    POST ledger/reset {}
    GET  sellers, advertisers, grants     ?sellerId= &region= &advertiserId= &limit=
    POST sellers [{"sellerId", "name", "region", "kind"?: "vendor", "countries"?: ["US"]}]
    POST advertisers [{"advertiserId", "name", "profiles"?: [{"countryCode", "profileId"?, "accountName"?,
                       "accountId"?, "accountType"?, "subType"?}]}]
    POST grants [{"sellerId", "region"} or {"advertiserId"}, and "clientId"?, "scopes"?, "withAccessToken"?]
                                          self-authorization: answers refresh tokens, in the order asked
    POST revoke | expire {"sellerId", "region"?} or {"advertiserId"} or {"grantId"}
                                          take grants back | end the access tokens they have now
    POST apps {"clientId", …changes} or {"flow": "spapi"|"ads", …} for a new one; answers its credentials.
         redirectUris (null = any loopback), loginUri, draft, secretExpired (SP-API refuses),
         secretRefused (the token endpoint refuses), rotateSecret, sellersRole: false (403, empty details),
         consentError: "SPDC8143"
    GET  faults; POST faults [{"match": {…}, "times": 1, "skip": 0, "do": {…}}]; POST faults/clear {"id"?}
    GET  holds; POST release {"hold"?: NAME, "count"?: 1}

A fault: the first rule that matches, has skipped `skip` calls and has `times` left (null = always) is carried
out. `match` (globs, all must hold; {} = every call): host, path, method, grantType, sellerId, advertiserId,
region, clientId. `do` may combine: delayMs · hold NAME, with holdAt "before"|"after" the processing · drop
"before"|"after" (after = processed, the answer is lost) · status, headers, body (or bodyBase64), instead of
processing ·
answer NAME (a row of answers.json, instead of processing) · cutAfterBytes N (of the body) · token {"set": {},
"omit": [], "rotateRefreshToken": true, "length": 5000} (alters a good answer of the token endpoint).

    {"match": {"grantType": "refresh_token", "sellerId": "A1SANDBOXNA001"}, "do": {"drop": "after"}}
    {"match": {"host": "api.amazon.*"}, "times": null, "do": {"delayMs": 200}}
    {"match": {"path": "/auth/o2/token"}, "do": {"hold": "race"}}     let go by POST release {"hold": "race"}
    {"times": 2, "do": {"answer": "tokenEndpoint.throttled", "headers": {"Retry-After": "1"}}}
    {"do": {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>oops"}}
    {"do": {"token": {"set": {"expires_in": -5}, "omit": ["refresh_token"]}}}
"""
