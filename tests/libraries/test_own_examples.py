"""Each library's own example, out of the package that is installed, changed in two addresses.

An `Example` says all that is changed: the addresses, and what a reader puts in for placeholders. Credentials
come by the settings that the library names (`environment` in the conftest).
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.libraries.conftest import HANDLE, Setting, asked, finished, python_with_libraries, shown, shows
from tests.support.internet import GATEWAY
from tests.support.readme_example import Example

AMAZON = "sellingpartnerapi-na.amazon.com"
# `api` is imported first: `auth` fails there in a circle of imports.
SP_API = f"""
import sp_api.api
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces
AccessTokenClient.host = "{GATEWAY}"
Marketplaces.US.endpoint = "https://{GATEWAY}/spapi/na"
"""
AD_API = f"""
import ad_api.api
from ad_api.auth import AccessTokenClient
from ad_api.base import Marketplaces
AccessTokenClient.host = "{GATEWAY}"
Marketplaces.NA.endpoint = "https://{GATEWAY}/ads/na"
"""
FEED = {
    "<feed_type>, <file_or_bytes_io>": "'POST_FLAT_FILE_INVLOADER_DATA', __import__('io').BytesIO(b'sku')",
    ", **kwargs": "",
}
RESTRICTED = (
    "sp_api.api.Tokens().create_restricted_data_token(restrictedResources=[{'method': 'GET', "
    "'path': '/orders/v0/orders', 'dataElements': ['buyerInfo']}]).payload['restrictedDataToken']"
)
ORDERS, REPORTS = "GET /orders/v0/orders", "POST /reports/2021-06-30/reports"
OF_SP_API = Example(
    blocks=("client = DataKiosk()",),
    addresses=SP_API + shown("Client libraries", "python", "X-Restricted-Data"),
    # At the gateway's addresses a header asks for data of buyers.
    puts_in={**FEED, "Orders(restricted_data_token='<token>')": "OrdersWithBuyers()"},
    rights="proxy,personal",
    told=("'queryId': '", "'AmazonOrderId': '"),
    asked=(
        "POST /dataKiosk/2023-11-15/queries", ORDERS, REPORTS,
        "POST /feeds/2021-06-30/documents", "POST /feeds/2021-06-30/feeds",
        "POST /tokens/2021-03-01/restrictedDataToken", ORDERS, ORDERS,
    ),
)  # fmt: skip
# With a plain handle one address is changed, and the library gets the restricted data token itself.
PLAIN = replace(
    OF_SP_API,
    addresses=SP_API.replace("Marketplaces.US", "# Marketplaces.US"),
    puts_in={**FEED, "'<token>'": RESTRICTED},
    settings={"SP_API_REFRESH_TOKEN": HANDLE.removeprefix("proxy:")},
    rights="",
    hosts=frozenset({GATEWAY, AMAZON}),
)
ASYNCIO = Example(
    blocks=("import asyncio",),
    addresses=SP_API.replace("sp_api.a", "sp_api.asyncio.a"),
    told=("'AmazonOrderId': '", "'reportId': '"),
    asked=(ORDERS, REPORTS, REPORTS),
)
OF_AD_API = Example(
    blocks=("my_credentials = dict(", "def sp_list_campaigns_v3("),
    addresses=AD_API,
    # The last line of the README's names a list that it has not.
    puts_in={"len(campaigns)": "len(enabled_campaigns)"},
    settings={"AD_API_DEFAULT_MARKETPLACE": "NA"},
    told=("'targetingType': 'MANUAL'", ":INFO:20"),
    asked=("POST /sp/campaigns/list",) * 2,
)
VERSION_1 = replace(
    OF_AD_API,
    blocks=("v1.Campaigns(",),
    addresses=f"{AD_API}credentials = {{}}  # the environment's are taken\n",
    puts_in={},
    told=('"adProduct":"SPONSORED_PRODUCTS"',),
    asked=("POST /adsApi/v1/query/campaigns",),
)
OF_AMAZONS_SDK = Example(
    blocks=("config = SPAPIConfig(",),
    puts_in={
        'client_id=""': 'client_id="-"',
        'client_secret=""': 'client_secret=__import__("os").environ["LWA_CLIENT_SECRET"]',
        'refresh_token=""': f'refresh_token="{HANDLE}"',
        "SPAPIClient(config)": 'SPAPIClient(config, "${DOOR}/auth/o2/token", "${DOOR}/spapi/na")',
    },
    told=("Sellers API Response:\nATVPDKIKX0DER\n",),
    asked=("GET /sellers/v1/marketplaceParticipations",),
)
CASES = {
    "python-amazon-sp-api": ("python-amazon-sp-api", "newest", OF_SP_API),
    "python-amazon-sp-api, older": ("python-amazon-sp-api", "older", OF_SP_API),
    "python-amazon-sp-api, plain handle": ("python-amazon-sp-api", "newest", PLAIN),
    "python-amazon-sp-api, asyncio": ("python-amazon-sp-api", "newest", ASYNCIO),
    "python-amazon-ad-api": ("python-amazon-ad-api", "newest", OF_AD_API),
    "python-amazon-ad-api, older": ("python-amazon-ad-api", "older", OF_AD_API),
    "python-amazon-ad-api, version 1": ("python-amazon-ad-api", "newest", VERSION_1),
    "amzn-sp-api": ("amzn-sp-api", "newest", OF_AMAZONS_SDK),
    "amzn-sp-api, older": ("amzn-sp-api", "older", OF_AMAZONS_SDK),
}


def readme_of(python: Path, library: str) -> str:
    """Return the README that an installed package has in its metadata."""
    (metadata,) = python.parent.parent.glob(f"lib/*/site-packages/{library.replace('-', '_')}-*.dist-info")
    return (metadata / "METADATA").read_text(encoding="utf-8")


@pytest.mark.parametrize(("library", "versions", "example"), CASES.values(), ids=CASES)
def test_the_example_of_a_python_library(
    setting: Setting, library: str, versions: str, example: Example
) -> None:
    """Amazon is asked, by way of the gateway, for all that the example wants."""
    python = python_with_libraries(versions)
    setting.import_for(library)
    # Amazon's own SDK takes neither the proxy nor the authority of the tests' internet from its environment.
    text = example.program(readme_of(python, library)).replace("${DOOR}", setting.net.plain)
    program = setting.folder / "example.py"
    program.write_text(text, encoding="utf-8")
    key = {"LWA_CLIENT_SECRET": setting.key_with(example.rights)} if example.rights else {}
    done = finished(setting, python, program, **example.settings, **key)
    assert {host for host, _ in setting.net.answered} == example.hosts
    assert AMAZON in example.hosts or not any(b"Atza|" in told for _, told in setting.net.answered)
    shows(done, example.told)
    assert asked(setting) == [*example.asked]
