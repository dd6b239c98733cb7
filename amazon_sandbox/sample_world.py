"""The sellers and advertisers that a fresh sandbox knows, and the profile numbers it makes up."""

import hashlib

from amazon_sandbox.records import Advertiser, Profile, Seller

BEYOND_FLOAT = 9007199254740993  # a valid int64 that a client that reads numbers as floats gets wrong


def sellers() -> list[Seller]:
    """Return at least two sellers and a vendor for each region; one seller id is in two regions."""
    return [
        Seller("A1SANDBOXNA001", "Sandbox Outfitters", "NA", "seller", ["US", "CA", "MX"]),
        Seller("A1SANDBOXNA002", "我的店铺 ☕", "NA", "seller", ["US"]),
        Seller("A1SANDBOXWORLD", "Sandbox Worldwide", "NA", "seller", ["US", "BR"]),
        Seller("A1SANDBOXEU001", "Sandkasten & Söhne", "EU", "seller", ["DE", "FR", "IT", "ES", "UK"]),
        Seller("A1SANDBOXEU002", "Sandpit of London", "EU", "seller", ["UK", "IN"]),
        Seller("A1SANDBOXWORLD", "Sandbox Worldwide", "EU", "seller", ["DE", "UK"]),
        Seller("A1SANDBOXFE001", "砂場商店", "FE", "seller", ["JP"]),
        Seller("A1SANDBOXFE002", "Sandbox Down Under", "FE", "seller", ["AU", "SG"]),
        Seller("A1SANDBOXVENNA", "Sandbox Vendor Group NA", "NA", "vendor", ["US", "CA"]),
        Seller("A1SANDBOXVENEU", "Sandbox Vendor Group EU", "EU", "vendor", ["DE", "UK"]),
        Seller("A1SANDBOXVENFE", "Sandbox Vendor Group FE", "FE", "vendor", ["JP"]),
    ]


def advertisers() -> list[Advertiser]:
    """Return one with profiles everywhere, one that shares a site with it, and one that has none."""
    brands = [
        Profile(
            BEYOND_FLOAT if country == "JP" else profile_id("SANDBOX_BRANDS", country),
            country,
            "Sandbox Brands",
            account,
        )
        for country, account in (
            ("US", "A1SANDBOXNA001"),
            ("CA", "A1SANDBOXNA001"),
            ("MX", "A1SANDBOXNA001"),
            ("UK", "A1SANDBOXEU001"),
            ("DE", "A1SANDBOXEU001"),
            ("FR", "A1SANDBOXEU001"),
            ("JP", "A1SANDBOXFE001"),
            ("AU", "A1SANDBOXFE002"),
        )
    ]
    partners = [
        Profile(profile_id("SANDBOX_PARTNERS", "US"), "US", "Sandbox Partners", "ENTITY1SANDBOX", "vendor"),
    ]
    return [
        Advertiser("SANDBOX_BRANDS", "Sandbox Brands", brands),
        Advertiser("SANDBOX_PARTNERS", "Sandbox Partners", partners),
        Advertiser("SANDBOX_EMPTY", "Sandbox Newcomer (no manager account)", []),
    ]


def profile_id(advertiser_id: str, country_code: str) -> int:
    """Return a number of 15 or 16 digits that is always the same for an advertiser and a site."""
    digest = hashlib.sha256(f"{advertiser_id}|{country_code}".encode()).digest()
    return 10**14 + int.from_bytes(digest[:8], "big") % (8 * 10**15)
