"""Each library's own example, out of the package that is installed, changed in two addresses.

An `Example` says all that is changed: the addresses, and what a reader puts in for placeholders. Credentials
come by the settings that the library names (`environment` in the conftest).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.libraries.conftest import REGION, SELLER, Setting, finished, python_with_libraries
from tests.support.internet import GATEWAY
from tests.support.markdown import FENCE

# A library's own logs may show the stand-in token, which is worth nothing elsewhere.
SECRET = re.compile(r"Atz[ar]\||lfx_local_")


@dataclass(frozen=True)
class Example:
    """Blocks of a README, each named by words that it alone has.

    `addresses` are lines before them, `puts_in` what stands in place of what. `told` is what the program
    says, `asked` what Amazon is asked for it, in order.
    """

    library: str
    versions: str
    blocks: tuple[str, ...]
    told: tuple[str, ...]
    asked: tuple[str, ...]
    addresses: str = ""
    puts_in: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def program(self, readme: str) -> str:
        """Return the blocks with what a reader puts in; fail where the README has it no longer."""
        found = [block["text"] for block in FENCE.finditer(readme)]
        chosen = [text for words in self.blocks for text in found if words in text]
        assert len(chosen) == len(self.blocks)
        program = "\n".join(chosen)
        for old, new in self.puts_in.items():
            assert old in program
            program = program.replace(old, new)
        return f"{self.addresses}\n{program}"


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
FEED = "'POST_FLAT_FILE_INVLOADER_DATA', __import__('io').BytesIO(b'sku\\tquantity\\r\\n')"
ORDERS, REPORTS = "GET /orders/v0/orders", "POST /reports/2021-06-30/reports"
OF_SP_API = (
    "POST /dataKiosk/2023-11-15/queries", ORDERS, REPORTS,
    "POST /feeds/2021-06-30/documents", "POST /feeds/2021-06-30/feeds", ORDERS, ORDERS,
)  # fmt: skip
CAMPAIGNS, SITES = "POST /sp/campaigns/list", "GET /sellers/v1/marketplaceParticipations"
EXAMPLES = (
    *(
        Example(
            "python-amazon-sp-api",
            versions,
            blocks=("client = DataKiosk()",),
            addresses=SP_API,
            puts_in={
                "<feed_type>, <file_or_bytes_io>": FEED,
                ", **kwargs": "",
                # At the gateway's addresses a header asks for data of buyers (references/building.md).
                "restricted_data_token='<token>'": "",
            },
            told=("'queryId': '", "'AmazonOrderId': '"),
            asked=OF_SP_API,
        )
        for versions in ("newest", "older")
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
    *(
        Example(
            "amzn-sp-api",
            versions,
            blocks=("config = SPAPIConfig(",),
            puts_in={
                'client_id=""': 'client_id="-"',
                'client_secret=""': 'client_secret=__import__("os").environ["LWA_CLIENT_SECRET"]',
                'refresh_token=""': f'refresh_token="proxy:store:{SELLER}:{REGION}"',
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


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda each: f"{each.library}, {each.versions}, {each.blocks[0]}"
)
def test_the_example_of_a_python_library(setting: Setting, example: Example) -> None:
    """Nothing of Amazon's leaves the gateway, and Amazon is asked for all that the example wants."""
    python = python_with_libraries(example.versions)
    setting.import_for(example.library)
    # Amazon's own SDK takes neither the proxy nor the authority of the tests' internet from its environment.
    text = example.program(readme_of(python, example.library)).replace("${DOOR}", setting.net.plain)
    program = setting.folder / "example.py"
    program.write_text(text, encoding="utf-8")
    done = finished(setting, python, program, **example.settings)
    said = done.stdout + done.stderr
    assert [words for words in example.told if words not in said] == [], said
    assert not SECRET.search(said)
    calls = [call for call in setting.amazon.calls() if call["token"]]
    assert tuple(f"{call['method']} {call['path']}" for call in calls) == example.asked
    assert all(200 <= call["status"] < 300 for call in calls)
    assert {host for host, _ in setting.net.answered} == {GATEWAY}
