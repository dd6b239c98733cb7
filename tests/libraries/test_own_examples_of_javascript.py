"""JavaScript libraries' own examples, changed in two addresses by what references/building.md shows."""

import pytest

from tests.libraries.conftest import HANDLE, Setting, asked, filled, finished, node_folder, shown, shows
from tests.support.readme_example import Example, put_in

ORDERS, SITES = "GET /orders/v0/orders", "GET /sellers/v1/marketplaceParticipations"
# To npm amazon-sp-api, which calls port 443 by TLS alone, the tests' internet is that port of every host.
LEADING = """
const tls = require("node:tls");
require("node:https").globalAgent.createConnection = () =>
  tls.connect({ host: "127.0.0.1", port: Number(process.env.TLS_PORT), servername: "gateway.example" });
"""
NPM = (
    Example(
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
        "https://sellingpartnerapi-na.amazon.com": f"{setting.gateway.url}/spapi/na",
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
