"""Which profile a person means: sites by their words, and the table of accounts and sites."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.amazon import accounts, profiles, sites
from linkfox_client.errors import ClientError
from linkfox_client.paths import REFERENCES

MARKETS = json.loads((REFERENCES / "marketplaces.json").read_text(encoding="utf-8"))
WORDS = json.loads((REFERENCES / "site-words.json").read_text(encoding="utf-8"))
SITE_IDS = {market["countryCode"]: market["marketplaceId"] for market in MARKETS}


def profile(number: int, account: str, site: str, **more: Any) -> dict[str, Any]:
    """A line of the list of authorized accounts and sites."""
    return {
        "profileId": number,
        "accountName": account,
        "accountNames": [account],
        "accountInfoName": f"{account} GmbH",
        "countryCode": site,
        "marketplaceStringId": SITE_IDS.get(site),
        "region": "NA",
        **more,
    }


ONE_ACCOUNT = [profile(1, "Acme", "US"), profile(2, "Acme", "UK")]
TWO_ACCOUNTS = [*ONE_ACCOUNT, profile(3, "Bolt", "US"), profile(4, "Bolt", "JP")]


def failure(listed: list[dict[str, Any]], **wanted: Any) -> ClientError:
    """The ClientError that resolving raises."""
    with pytest.raises(ClientError) as caught:
        profiles.resolve(listed, **wanted)
    return caught.value


# Sites


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market["countryCode"])
def test_a_site_is_known_by_all_its_names(market: dict[str, str]) -> None:
    """Country, both codes, marketplace id and each listed word lead to the same site, in any case."""
    names = [market[key] for key in ("country", "countryCode", "isoCountryCode", "marketplaceId")]
    for name in [*names, *WORDS["sites"][market["countryCode"]]]:
        for spelled in (name, name.lower(), name.upper(), f"  {name} "):
            site = sites.find_site(spelled)
            assert site is not None, spelled
            assert site.code == market["countryCode"], spelled


def test_no_word_means_two_sites() -> None:
    """Each word of the table leads to the site that it stands under: none was taken over by another."""
    for code, words in WORDS["sites"].items():
        assert [sites.find_site(word).code for word in words] == [code] * len(words)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("my US store", "US"),
        ("the US site", "US"),
        ("US站", "US"),
        ("美国站", "US"),
        ("我的美国店铺", "US"),
        ("亚马逊 日本 站点", "JP"),
        ("德国站的店铺", "DE"),
        ("英国", "UK"),
        ("GB", "UK"),
        ("ＵＫ", "UK"),
        ("my store in India", "IN"),
        ("my IN store", "IN"),
        ("in", "IN"),
        ("amazon.co.uk", "UK"),
        ("www.amazon.de", "DE"),
        ("Türkiye", "TR"),
        ("turkiye", "TR"),
        ("the Netherlands", "NL"),
        ("United-States", "US"),
        ("日亚", "JP"),
        ("英区", "UK"),
        ("美国区", "US"),
        ("“美国站”", "US"),
        ("「德国站」", "DE"),
        ("美国站（US）", "US"),
        ("美国/US", "US"),
        ("查美国站的广告", "US"),
        ("美国这个站", "US"),
        ("美国广告帐户", "US"),
        ("大不列颠", "UK"),
        ("【法区】", "FR"),
    ],
)
def test_the_words_around_a_site_are_left_out(said: str, code: str) -> None:
    """People name a site in a phrase, and in both languages."""
    site = sites.find_site(said)
    assert site is not None
    assert site.code == code


# Each site's names in daily use, beside its country's.
DAILY = {
    "US": "美站 美亚 美区 US站 ＵＳ 美國站 美国广告账号 我的美国店 美国站。",
    "JP": "日站 日亚 日区 日本区 日本站",
    "UK": "英站 英亚 英区 英国区 英格兰 GB",
    "DE": "德站 德亚 德区 德国区",
    "FR": "法站 法亚 法区 法国站",
    "IT": "意站 意亚 意大利站",
    "ES": "西站 西班牙站",
    "CA": "加站 加亚 加拿大站",
    "MX": "墨站 墨亚 墨西哥站",
    "AU": "澳站 澳亚 澳洲站 澳大利亚站",
    "IN": "印亚 印度站",
    "SA": "沙亚 沙特 沙特站",
    "AE": "阿联酋站 迪拜站",
    "NL": "荷兰站",
    "TR": "土耳其站",
    "ZA": "南非站",
}


@pytest.mark.parametrize(("code", "words"), DAILY.items())
def test_a_site_is_known_by_its_names_in_daily_use(code: str, words: str) -> None:
    """As Chinese sellers shorten them."""
    assert {word: getattr(sites.find_site(word), "code", None) for word in words.split()} == dict.fromkeys(
        words.split(), code
    )


@pytest.mark.parametrize(
    ("word", "region"),
    [
        *((word, "EU") for word in ("欧站", "欧区", "泛欧", "欧洲五国", "欧洲站", "中东站")),
        ("美加墨", "NA"),
        ("日澳新", "FE"),
    ],
)
def test_a_region_is_known_by_its_names_in_daily_use(word: str, region: str) -> None:
    """And is no site."""
    assert (sites.find_region(word), sites.find_site(word)) == (region, None)


@pytest.mark.parametrize("said", ["新站", "土站", "波站", "西亚", "欧亚", "卖家中心", "店铺授权", "紫鸟"])
def test_a_word_that_may_mean_several_things_is_no_site(said: str) -> None:
    """Nor one of the trade that only sounds like one."""
    assert (sites.find_site(said), sites.find_region(said)) == (None, None)


@pytest.mark.parametrize(
    "said",
    [
        "China",
        "中国",
        "Indiana",
        "Used",
        "US and CA",
        "德国和法国",
        "my store",
        "站",
        "",
        " ",
        "North America",
        "欧洲站",
        "美",
        "NZ",
        "中东站",
        "美国/英国",
        "台湾站",
    ],
)
def test_a_part_of_a_word_is_never_taken_for_a_site(said: str) -> None:
    """What names no site, or two, or a region, is not guessed at."""
    assert sites.find_site(said) is None


@given(st.text(max_size=40))
def test_any_text_is_a_site_by_a_whole_name_or_none(text: str) -> None:
    """Whatever comes, the answer is None or a site of the table, and the hint is our own words."""
    site = sites.find_site(text)
    assert site is None or site in sites.all_sites()
    hint = sites.explain_unknown_site(text)
    assert hint.isascii()
    assert len(hint) < 300


@given(st.sampled_from(MARKETS), st.text("bcdfghjklmnpqrstvwxyz", min_size=3, max_size=8))
def test_a_site_inside_a_longer_word_is_not_found(market: dict[str, str], letters: str) -> None:
    """A code or a name with letters stuck to it is another word."""
    assert sites.find_site(market["country"].lower() + letters) is None
    assert sites.find_site(letters + market["country"].lower()) is None


def test_what_is_no_site_is_explained() -> None:
    """New Zealand, a region and a slip of the pen each get their own hint."""
    assert "use AU" in sites.explain_unknown_site("New Zealand")
    assert "use AU" in sites.explain_unknown_site("新西兰站")
    assert "is a region" in sites.explain_unknown_site("Europe")
    assert "(AE), Saudi Arabia (SA), Egypt (EG): ask which" in sites.explain_unknown_site("中东站")
    assert sites.explain_unknown_site("台湾站") == "Amazon has no site for Taiwan."
    assert "name one of" in sites.explain_unknown_site("欧站")
    assert "--region EU alone" in sites.explain_unknown_site("欧洲站", region_flag=True)
    assert "Germany (DE)" in sites.explain_unknown_site("Germny")
    assert "US" in sites.explain_unknown_site("Narnia")


# Profile ids


@pytest.mark.parametrize("value", [0, 1, 2**63 - 1, "1", "0000000000000000007", str(2**63 - 1)])
def test_a_profile_id_is_an_integer_or_digits(value: object) -> None:
    """Both forms of the whole range are taken."""
    assert profiles.parse_profile_id(value) == int(value)


@pytest.mark.parametrize(
    "value",
    [-1, 2**63, "9" * 19, "1" * 20, "", " 1", "+1", "1.0", 1.0, "1e3", "٣", True, None, [1], {"a": 1}],
)
def test_anything_else_is_no_profile_id(value: object) -> None:
    """Floats, signs, other digits and what is too large are refused."""
    with pytest.raises(ValueError, match="profile id"):
        profiles.parse_profile_id(value)


@given(st.one_of(st.integers(), st.text(), st.floats(), st.booleans(), st.none()))
def test_a_profile_id_is_in_range_or_refused(value: object) -> None:
    """No input gives a number outside of 64 bits, or an error other than ValueError."""
    try:
        number = profiles.parse_profile_id(value)
    except ValueError:
        return
    assert 0 <= number < 2**63


# The table


def test_one_account_and_a_site_is_that_profile() -> None:
    """With one account there is nothing to ask."""
    for said in ("US", "美国站", "my US store", SITE_IDS["US"]):
        assert profiles.resolve(ONE_ACCOUNT, site=said)["profileId"] == 1
    for said in ("UK", "GB", "英国"):
        assert profiles.resolve(ONE_ACCOUNT, site=said)["profileId"] == 2


def test_several_accounts_and_only_a_site_is_ambiguous() -> None:
    """The accounts' names are the candidates; where only one has that site there is nothing to ask."""
    error = failure(TWO_ACCOUNTS, site="US")
    assert error.code == "ambiguous"
    assert [candidate["accountName"] for candidate in error.candidates] == ["Acme", "Bolt"]
    assert "--account" in error.hint
    assert profiles.resolve(TWO_ACCOUNTS, site="JP")["profileId"] == 4


def test_a_site_that_another_account_may_have_as_well_is_asked_for() -> None:
    """Its profiles there were not read: the only one that is known need not be the one that is meant."""
    lacking = [{"accountName": "Acme", "unreadRegions": ["FE"]}]
    told = failure(TWO_ACCOUNTS, site="JP", incomplete=lacking)
    assert (told.code, "FE (Acme)" in told.message) == ("ambiguous", True)
    assert "`python3 scripts/ads_profiles.py --refresh`" in told.hint
    assert profiles.resolve(TWO_ACCOUNTS, site="JP", account="Bolt", incomplete=lacking)["profileId"] == 4
    assert profiles.resolve(TWO_ACCOUNTS[:2], site="US", incomplete=lacking)["profileId"] == 1


def test_account_and_site_is_that_profile() -> None:
    """Both together settle it, whatever the case of the name."""
    assert profiles.resolve(TWO_ACCOUNTS, site="US", account="Bolt")["profileId"] == 3
    assert profiles.resolve(TWO_ACCOUNTS, site="日本", account=" bolt ")["profileId"] == 4


def test_a_number_is_itself_if_it_is_the_users() -> None:
    """A number needs no site and no account, but has to be in the list."""
    assert profiles.resolve(TWO_ACCOUNTS, profile_id=4)["profileId"] == 4
    error = failure(TWO_ACCOUNTS, profile_id=5)
    assert error.code == "not_found"
    assert len(error.candidates) == 4


def test_a_number_that_contradicts_the_site_is_not_taken() -> None:
    """All that is said has to be true of the profile."""
    assert profiles.resolve(TWO_ACCOUNTS, profile_id=4, site="JP", account="Bolt")["profileId"] == 4
    assert failure(TWO_ACCOUNTS, profile_id=4, site="US").code == "not_found"
    assert failure(TWO_ACCOUNTS, profile_id=4, account="Acme").code == "not_found"


def test_an_account_is_found_by_any_of_its_names_before_the_advertisers() -> None:
    """`accountNames` come first, then `accountInfoName`; the exact spelling before the loose one."""
    listed = [
        profile(1, "New", "US", accountNames=["New", "Old"], accountInfoName="Shop"),
        profile(2, "Shop", "US", accountInfoName="New"),
        profile(3, "SHOP", "US", accountInfoName="Other"),
    ]
    assert profiles.resolve(listed, account="Old")["profileId"] == 1
    assert profiles.resolve(listed, account="New")["profileId"] == 1
    assert profiles.resolve(listed, account="Shop")["profileId"] == 2
    assert profiles.resolve(listed, account="SHOP")["profileId"] == 3
    assert profiles.resolve(listed, account="other")["profileId"] == 3
    assert failure(listed, account="shop").code == "ambiguous"


def test_two_profiles_left_are_ambiguous_and_can_be_told_apart() -> None:
    """Same account and site twice: the advertiser's name is what to ask for, and it works."""
    listed = [
        profile(1, "Agency", "US", accountInfoName="Socks"),
        profile(2, "Agency", "US", accountInfoName="Hats"),
    ]
    error = failure(listed, site="US")
    assert (error.code, "accountInfoName" in error.hint) == ("ambiguous", True)
    chosen = next(candidate for candidate in error.candidates if candidate["accountInfoName"] == "Hats")
    assert profiles.resolve(listed, site="US", account=chosen["accountInfoName"])["profileId"] == 2


def test_a_profile_under_two_accounts_is_one_profile() -> None:
    """Listed once with both names, or twice with one each: either name finds it."""
    once = [profile(1, "New", "US", accountNames=["New", "Old"])]
    twice = [profile(1, "New", "US"), profile(1, "Old", "US")]
    for listed in (once, twice):
        for name in ("New", "Old"):
            assert profiles.resolve(listed, account=name, site="US")["profileId"] == 1
        assert profiles.resolve(listed, site="US")["profileId"] == 1


def test_the_list_has_the_last_word_on_sites() -> None:
    """A site that the table does not know is found by the list's own code or marketplace id."""
    listed = [profile(1, "Acme", "CO", marketplaceStringId="A9NEWMARKET"), profile(2, "Acme", "US")]
    assert profiles.resolve(listed, site="co")["profileId"] == 1
    assert profiles.resolve(listed, site="A9NEWMARKET")["profileId"] == 1
    nameless = [profile(1, "Acme", "", marketplaceStringId=SITE_IDS["US"]), profile(2, "Acme", "CA")]
    assert profiles.resolve(nameless, site="US")["profileId"] == 1


def test_a_site_without_a_profile_names_those_there_are() -> None:
    """Not found says what can be chosen instead, and a word that is no site gets its hint."""
    error = failure(ONE_ACCOUNT, site="DE")
    assert error.code == "not_found"
    assert [candidate["countryCode"] for candidate in error.candidates] == ["UK", "US"]
    assert "use AU" in failure(ONE_ACCOUNT, site="NZ").hint


def test_an_account_without_that_site_is_named_beside_one_that_has_it() -> None:
    """A store's name may stand for its own profiles alone, and the others are there all the same."""
    error = failure(TWO_ACCOUNTS, site="JP", account="Acme")
    assert error.message == "'Acme' has no profile for Japan"
    assert error.hint.startswith(
        "Bolt has one for Japan: ask whether that is meant and give it with --account."
    )
    assert error.candidates[0]["accountName"] == "Bolt"
    own = failure(ONE_ACCOUNT, site="JP", account="Acme")
    assert "has one" not in own.hint


def test_a_region_in_place_of_a_site_shows_the_profiles_of_that_region() -> None:
    """There is nothing to choose elsewhere."""
    listed = [
        profile(1, "Acme", "US"),
        profile(2, "Acme", "UK", region="EU"),
        profile(3, "Acme", "JP", region="FE"),
    ]
    error = failure(listed, site="欧洲站")
    assert [candidate["countryCode"] for candidate in error.candidates] == ["UK"]


def test_nothing_authorized_and_nothing_said_are_told_apart() -> None:
    """An empty list asks to authorize; who names none gets the only profile, or what there is to ask."""
    assert "ads_authorize_url.py" in failure([], site="US").hint
    assert "ads_authorize_url.py" in failure([]).hint
    assert profiles.resolve(ONE_ACCOUNT[:1])["profileId"] == 1
    several = failure(ONE_ACCOUNT)
    assert (several.code, len(several.candidates)) == ("ambiguous", len(ONE_ACCOUNT))
    assert "--site" in several.hint


def test_an_account_whose_profiles_could_not_be_read_is_told() -> None:
    """It blocks nobody else, and who names it gets the remedy."""
    listed = [*ONE_ACCOUNT, {"accountName": "Bare", "profileId": None}]
    assert profiles.resolve(listed, site="US")["profileId"] == 1
    assert "Manager accounts" in failure(listed, account="bare").hint
    assert "Manager accounts" in failure(listed[-1:], site="US").hint


@given(
    st.lists(
        st.builds(
            profile,
            st.integers(0, 5),
            st.sampled_from(["Acme", "acme", "Bolt"]),
            st.sampled_from(["US", "UK", "JP"]),
        ),
        max_size=6,
    ),
    st.one_of(st.none(), st.sampled_from(["US", "GB", "日本", "Narnia"])),
    st.one_of(st.none(), st.sampled_from(["Acme", "ACME", "Bolt GmbH", "Nobody"])),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_an_answer_is_never_a_guess(
    listed: list[dict[str, Any]], site: str | None, account: str | None, number: int | None
) -> None:
    """Whatever is listed and said: one profile of the list that fits, or candidates out of the list."""
    numbers = {entry["profileId"] for entry in listed}
    found, error = None, None
    try:
        found = profiles.resolve(listed, site=site, account=account, profile_id=number)
    except ClientError as raised:
        error = raised
    if error is not None:
        assert error.code in {"ambiguous", "not_found", "bad_arguments"}
        assert error.hint
        assert {candidate["profileId"] for candidate in error.candidates or []} <= numbers
    else:
        assert found["profileId"] in numbers
        assert number in (None, found["profileId"])
        assert site is None or found["countryCode"] == sites.find_site(site).code


def test_one_token_serves_all_profiles_of_an_account() -> None:
    """An account is listed once with its profiles' ids, and without any where it has none."""
    listed = [
        profile(1, "Acme", "US", authRecordId=10),
        profile(2, "Acme", "UK", authRecordId=10),
        {"authRecordId": 20, "accountName": "Bare"},
    ]
    assert accounts.accounts(listed) == [
        {"authRecordId": 10, "accountName": "Acme", "profileIds": [1, 2]},
        {"authRecordId": 20, "accountName": "Bare", "profileIds": []},
    ]


def test_an_account_whose_profiles_a_newer_one_serves_is_still_an_account() -> None:
    """The self-hosted gateway names all that cover a profile; what does not fit is left aside."""
    listed = [
        {"profileId": 1, "authRecordId": 20, "accountName": "New", "status": "authorized"}
        | {"accountNames": ["New", "Old"], "authRecordIds": [20, 10]},
        {"profileId": 2, "authRecordId": 30, "accountName": "Odd", "authRecordIds": [30, 31]},
    ]
    assert accounts.accounts(listed) == [
        {"profileIds": [1], "authRecordId": 20, "accountName": "New", "status": "authorized"},
        {"authRecordId": 10, "accountName": "Old", "profileIds": []},
        {"profileIds": [2], "authRecordId": 30, "accountName": "Odd"},
    ]


# What was not read


LACKS_EU = {"accountName": "Acme", "authRecordId": 1, "unreadRegions": ["EU"]}


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        (ONE_ACCOUNT, {"site": "DE"}),
        (ONE_ACCOUNT, {"site": "德国", "account": "acme"}),
        (ONE_ACCOUNT, {"account": "An advertiser"}),
        (ONE_ACCOUNT, {"profile_id": 77}),
        ([{"accountName": "Acme", "authRecordId": 1}], {"site": "DE"}),
    ],
)
def test_what_may_be_in_a_region_that_was_not_read_is_to_be_read(
    listed: list[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    """Nobody is sent to authorize what is only to be refreshed, nor to the manager accounts."""
    told = failure(listed, incomplete=[LACKS_EU], **wanted)
    assert told.code == "not_found"
    assert "ads_profiles.py --refresh" in told.hint
    assert "EU (Acme)" in told.hint
    assert "ads_authorize_url.py" not in told.hint


@pytest.mark.parametrize("wanted", [{"site": "CA"}, {"site": "DE", "account": "Bolt"}])
def test_what_would_have_been_read_is_told_as_before(wanted: dict[str, Any]) -> None:
    """Another region, or an account that lacks nothing."""
    told = failure(TWO_ACCOUNTS, incomplete=[LACKS_EU], **wanted)
    assert "ads_authorize_url.py" in told.hint


@pytest.mark.parametrize("listed", [ONE_ACCOUNT, [{"accountName": "Acme", "authRecordId": 1}]])
@pytest.mark.parametrize("account", [None, "Acme", "An advertiser"])
@pytest.mark.parametrize(("said", "hint"), [("NZ", "use AU"), ("Narnia", "Name a site"), ("EU", "a region")])
def test_what_is_no_site_is_in_no_region_that_was_not_read(
    listed: list[dict[str, Any]], account: str | None, said: str, hint: str
) -> None:
    """To read the region would not help: what helps is another word."""
    told = failure(listed, incomplete=[LACKS_EU], site=said, account=account)
    assert (told.code, hint in told.hint) == ("not_found", True), told.hint
    assert "--refresh" not in told.hint


def test_a_site_that_only_the_list_knows_is_looked_for_in_its_own_region() -> None:
    """Another account's profile there says which region that is."""
    listed = [*ONE_ACCOUNT, profile(3, "Bolt", "CO", region="NA")]
    for region, to_be_read in (("NA", True), ("EU", False)):
        lacking = [{"accountName": "Acme", "unreadRegions": [region]}]
        told = failure(listed, incomplete=lacking, site="CO", account="Acme")
        assert ("--refresh" in told.hint) is to_be_read
