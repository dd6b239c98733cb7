"""Each library's own example, out of the package that is installed, changed in two addresses.

An `Example` says all that is changed: the addresses, and what a reader puts in for placeholders. Credentials
come by the settings that the library names (`environment` in the conftest).
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.libraries.conftest import (
    REGION,
    SELLER,
    Setting,
    filled,
    finished,
    node_folder,
    python_with_libraries,
    shown,
)
from tests.support.internet import GATEWAY
from tests.support.markdown import FENCE

# A library's own logs may show the stand-in token, which is worth nothing elsewhere.
SECRET = re.compile(r"Atz[ar]\||lfx_local_")
AMAZON = "sellingpartnerapi-na.amazon.com"
HANDLE = f"proxy:store:{SELLER}:{REGION}"


@dataclass(frozen=True)
class Example:
    """Blocks of a README, each named by words that it alone has.

    `addresses` are lines before them, `puts_in` what stands in place of what. `told` is what the program
    says, `asked` what Amazon is asked for it, in order, and `hosts` whom it calls. `rights`: of the key that
    it is given, where those of the owner's are not enough.
    """

    library: str
    versions: str
    blocks: tuple[str, ...]
    told: tuple[str, ...]
    asked: tuple[str, ...]
    addresses: str = ""
    puts_in: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    rights: str = ""
    hosts: frozenset[str] = frozenset({GATEWAY})

    def program(self, readme: str) -> str:
        """Return the blocks of a README with what a reader puts in."""
        found = [block["text"] for block in FENCE.finditer(readme)]
        chosen = [text for words in self.blocks for text in found if words in text]
        assert len(chosen) == len(self.blocks)
        program = put_in("\n".join(chosen), self.puts_in)
        return f"{self.addresses}\n{program}"


def put_in(text: str, puts_in: Mapping[str, str]) -> str:
    """Return a text with what a reader puts in; fail where it has the places for that no longer."""
    for old, new in puts_in.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


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
OF_SP_API = (
    "POST /dataKiosk/2023-11-15/queries", ORDERS, REPORTS,
    "POST /feeds/2021-06-30/documents", "POST /feeds/2021-06-30/feeds",
    "POST /tokens/2021-03-01/restrictedDataToken", ORDERS, ORDERS,
)  # fmt: skip
CAMPAIGNS, SITES = "POST /sp/campaigns/list", "GET /sellers/v1/marketplaceParticipations"
EXAMPLES = (
    *(
        Example(
            "python-amazon-sp-api",
            versions,
            blocks=("client = DataKiosk()",),
            addresses=SP_API + shown("Client libraries", "python", "X-Restricted-Data"),
            puts_in={
                **FEED,
                # At the gateway's addresses a header asks for data of buyers.
                "Orders(restricted_data_token='<token>')": "OrdersWithBuyers()",
            },
            rights="proxy,personal",
            told=("'queryId': '", "'AmazonOrderId': '"),
            asked=OF_SP_API,
        )
        for versions in ("newest", "older")
    ),
    # With a plain handle one address is changed, and the library gets the restricted data token itself.
    Example(
        "python-amazon-sp-api",
        "newest",
        blocks=("client = DataKiosk()",),
        addresses=SP_API.replace("Marketplaces.US", "# Marketplaces.US"),
        puts_in={
            **FEED,
            "'<token>'": RESTRICTED,
        },
        settings={"SP_API_REFRESH_TOKEN": HANDLE.removeprefix("proxy:")},
        hosts=frozenset({GATEWAY, AMAZON}),
        told=("'queryId': '", "'AmazonOrderId': '"),
        asked=OF_SP_API,
    ),
    Example(
        "python-amazon-sp-api",
        "newest",
        blocks=("import asyncio",),
        addresses=SP_API.replace("sp_api.a", "sp_api.asyncio.a"),
        told=("'AmazonOrderId': '", "'reportId': '"),
        asked=(ORDERS, REPORTS, REPORTS),
    ),
    *(
        Example(
            "python-amazon-ad-api",
            versions,
            blocks=("my_credentials = dict(", "def sp_list_campaigns_v3("),
            addresses=AD_API,
            # The last line of the README's names a list that it has not.
            puts_in={"len(campaigns)": "len(enabled_campaigns)"},
            settings={"AD_API_DEFAULT_MARKETPLACE": "NA"},
            told=("'targetingType': 'MANUAL'", ":INFO:20"),
            asked=(CAMPAIGNS, CAMPAIGNS),
        )
        for versions in ("newest", "older")
    ),
    Example(
        "python-amazon-ad-api",
        "newest",
        blocks=("v1.Campaigns(",),
        addresses=f"{AD_API}credentials = {{}}  # the environment's are taken\n",
        settings={"AD_API_DEFAULT_MARKETPLACE": "NA"},
        told=('"adProduct":"SPONSORED_PRODUCTS"',),
        asked=("POST /adsApi/v1/query/campaigns",),
    ),
    *(
        Example(
            "amzn-sp-api",
            versions,
            blocks=("config = SPAPIConfig(",),
            puts_in={
                'client_id=""': 'client_id="-"',
                'client_secret=""': 'client_secret=__import__("os").environ["LWA_CLIENT_SECRET"]',
                'refresh_token=""': f'refresh_token="{HANDLE}"',
                "SPAPIClient(config)": 'SPAPIClient(config, "${DOOR}/auth/o2/token", "${DOOR}/spapi/na")',
            },
            told=("Sellers API Response:\nATVPDKIKX0DER\n",),
            asked=(SITES,),
        )
        for versions in ("newest", "older")
    ),
)


def readme_of(python: Path, library: str) -> str:
    """Return the README that an installed package has in its metadata."""
    (metadata,) = python.parent.parent.glob(f"lib/*/site-packages/{library.replace('-', '_')}-*.dist-info")
    return (metadata / "METADATA").read_text(encoding="utf-8")


def name_of(example: Example) -> str:
    """Name a case."""
    way = "plain handle" if AMAZON in example.hosts else "proxy"
    return f"{example.library}, {example.versions}, {way}, {example.blocks[0]}"


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_the_example_of_a_python_library(setting: Setting, example: Example) -> None:
    """Amazon is asked, by way of the gateway, for all that the example wants."""
    python = python_with_libraries(example.versions)
    setting.import_for(example.library)
    # Amazon's own SDK takes neither the proxy nor the authority of the tests' internet from its environment.
    text = example.program(readme_of(python, example.library)).replace("${DOOR}", setting.net.plain)
    program = setting.folder / "example.py"
    program.write_text(text, encoding="utf-8")
    key = {"LWA_CLIENT_SECRET": setting.key_with(example.rights)} if example.rights else {}
    done = finished(setting, python, program, **example.settings, **key)
    assert {host for host, _ in setting.net.answered} == example.hosts
    assert AMAZON in example.hosts or not any(b"Atza|" in told for _, told in setting.net.answered)
    shows(done, example.told)
    assert asked(setting) == [*example.asked]


def shows(done: subprocess.CompletedProcess[str], told: tuple[str, ...]) -> None:
    """Check what a program said: what it is to say, and no token of Amazon's."""
    said = done.stdout + done.stderr
    assert [words for words in told if words not in said] == [], said
    assert not SECRET.search(said)


def asked(setting: Setting) -> list[str]:
    """Return what Amazon was asked for, all of which it answered well."""
    calls = [call for call in setting.amazon.calls() if call["token"] and not call["grantType"]]
    assert all(200 <= call["status"] < 300 for call in calls), calls
    return [f"{call['method']} {call['path']}" for call in calls]


# To npm amazon-sp-api, which calls port 443 by TLS alone, the tests' internet is that port of every host.
LEADING = """
const tls = require("node:tls");
require("node:https").globalAgent.createConnection = () =>
  tls.connect({ host: "127.0.0.1", port: Number(process.env.TLS_PORT), servername: "gateway.example" });
"""


NPM = (
    Example(
        "amazon-sp-api",
        "newest",
        blocks=("// commonjs", "const spClient = new SellingPartner({\n      region"),
        puts_in={
            "require('amazon-sp-api')": "require('./from-gateway')",
            "import {SellingPartner} from 'amazon-sp-api';": "",  # the other way to load it
            "region: 'eu'": "region: 'na'",
            "<REFRESH_TOKEN>": HANDLE,
        },
        told=("countryCode: 'US'",),
        asked=(SITES,),
    ),
    Example(
        "amazon-sp-api",
        "newest",
        blocks=(
            "auto_request_tokens: false,\n    only_grantless_operations: true",
            "await spClient.refreshAccessToken('sellingpartnerapi::notifications')",
            "operation: 'getDestinations'",
        ),
        addresses="const SellingPartner = require('./from-gateway');\n(async () => {",
        puts_in={
            "region: 'eu'": f"region: 'na', refresh_token: '{HANDLE}'",
            "endpoint: 'notifications'\n});": "endpoint: 'notifications'\n});\nconsole.log(res);\n})();",
        },
        rights="proxy,application",
        told=("[]\n",),
        asked=("GET /notifications/v1/destinations",),
    ),
)


@pytest.mark.parametrize("example", NPM, ids=["a store's call", "a grantless call"])
def test_the_examples_of_npms_library(setting: Setting, example: Example) -> None:
    """They require the page's class in place of the library's."""
    setting.import_store()
    modules = node_folder() / "node_modules"
    readme = (modules / "amazon-sp-api" / "README.md").read_text(encoding="utf-8")
    adapter = filled(shown("Client libraries", "js", "FromGateway"), setting, setting.net.plain)
    (setting.folder / "from-gateway.js").write_text(adapter, encoding="utf-8")
    program = setting.folder / "example.js"
    program.write_text(LEADING + example.program(readme), encoding="utf-8")
    key = setting.key_with(example.rights) if example.rights else setting.gateway.key
    known = {"SELLING_PARTNER_APP_CLIENT_ID": "-", "SELLING_PARTNER_APP_CLIENT_SECRET": key}
    shows(finished(setting, "node", program, NODE_PATH=str(modules), **known), example.told)
    assert asked(setting) == [*example.asked]


def test_the_sample_application_of_amazons_sdk_for_javascript(setting: Setting) -> None:
    """Its functions called as its last lines say, but for the grantless one, whose grant the door refuses."""
    setting.import_store()
    modules = node_folder() / "node_modules"
    sample = modules / "@amazon-sp-api-release" / "amazon-sp-api-sdk-js" / "sample-node-app"
    folder = setting.folder / "app"
    folder.mkdir()
    (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    puts_in = {
        "<REPLACE_WITH_YOUR_CLIENT_ID>": "-",
        "<REPLACE_WITH_YOUR_CLIENT_SECRET>": setting.gateway.key,
        "<REPLACE_WITH_YOUR_REFRESH_TOKEN>": HANDLE,
        f"https://{AMAZON}": f"{setting.gateway.url}/spapi/na",
    }
    config = (sample / "app.config.mjs").read_text(encoding="utf-8")
    (folder / "app.config.mjs").write_text(put_in(config, puts_in), encoding="utf-8")
    addresses = filled(shown("Client libraries", "js", "superagent"), setting, setting.gateway.url)
    calls = ("getMarketplaceParticipations()", "getOrders()", "getOrdersWithRateLimiterAndRetry(3)")
    text = (sample / "index.js").read_text(encoding="utf-8")
    text = put_in(text, {f"\n// {call};": f"\n{call};" for call in calls})
    index = folder / "index.js"
    index.write_text(f"{addresses}\n{text}", encoding="utf-8")
    shows(finished(setting, "node", index, folder=folder), ('"countryCode": "US"', '"amazonOrderId": "'))
    assert sorted(asked(setting)) == [ORDERS, ORDERS, SITES]
