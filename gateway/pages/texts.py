"""The words on the pages, by language; a further language is a further entry of TEXTS with the same keys."""

DEFAULT_LANGUAGE = "en"

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "product": "LinkFox Amazon authorization",
        "sandbox": "Sandbox: this is a stand-in for Amazon. Nothing here is real.",
        "store_authorized": "The store is authorized",
        "account_authorized": "The ads account is authorized",
        "account_without_profiles": "Authorized, but no advertising profile was found",
        "pending": "The authorization is not finished yet",
        "denied": "The authorization was refused",
        "expired": "The link has expired",
        "failed": "The authorization failed",
        "confirm": "Give access?",
        "confirm_lead": "The user below would get access, until you revoke it at Amazon.",
        "confirm_question": "Go on only if you know this user and wanted to give access.",
        "confirm_yes": "Give access",
        "confirm_no": "Cancel",
        "problem": "This page cannot help you further",
        "close": "You can close this page and go back to where you came from.",
        "pending_remedy": "Finish on Amazon's page, then load this page again.",
        "store_name": "Store",
        "account_name": "Ads account",
        "seller_id": "Seller ID",
        "region": "Region",
        "user": "Given to",
        "granted": "Permissions granted",
        "missing": "Permissions not granted",
        "verified": "Amazon answered for this store",
        "unverified": "Connected; Amazon did not let this application check the store",
        "not_checked": "Connected; the store could not be checked yet",
        "check": "Check",
        "what_happened": "What happened",
        "what_to_do": "What to do",
        "amazon_says": "Amazon says",
        "region_NA": "North America",
        "region_EU": "Europe, Middle East, Africa and India",
        "region_FE": "Far East",
    },
}


def texts_for(accept_language: str | None) -> tuple[str, dict[str, str]]:
    """Return the language that a browser prefers among those there are, and its words (RFC 9110, 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        wanted.append((-weight, place, tag.strip().lower().partition("-")[0]))
    for weight, _, language in sorted(wanted):
        if weight < 0 and language in TEXTS:
            return language, TEXTS[language]
    return DEFAULT_LANGUAGE, TEXTS[DEFAULT_LANGUAGE]
