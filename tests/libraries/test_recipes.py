"""The programs of references/building.md that use client libraries, other languages and frameworks."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.libraries.conftest import (
    NAMED,
    PAGE,
    SECRET,
    SELLER,
    Setting,
    filled,
    finished,
    python_with_libraries,
    shown,
)
from tests.support.house import PATIENCE, ROOT, ended_after
from tests.support.installed import node_packages, or_skip, python_environment
from tests.support.internet import GATEWAY
from tests.support.markdown import blocks, code

LISTED = '{"mcpServers"'


def run(setting: Setting, *command: str | Path, folder: Path | None = None, **more: str) -> str:
    """Run a program to its end; return what it printed, which holds no secret."""
    done = finished(setting, *command, folder=folder, **more)
    assert not SECRET.search(done.stdout + done.stderr)
    return done.stdout


SP_API, AD_API, SDK = "sp_api.api import Sellers", "ad_api.api", "spapi.SPAPIClient"


@pytest.mark.parametrize(
    ("words", "local"), [(SP_API, False), (AD_API, False), (SP_API, True), (AD_API, True), (SDK, True)]
)
def test_a_program_of_a_python_library(setting: Setting, words: str, local: bool) -> None:
    """By a public name, and `local` as the page says it of this machine; the SDK by its address.

    No token of Amazon's leaves the gateway.
    """
    if words == AD_API:
        setting.import_account()
    else:
        setting.import_store()
    text = shown("Client libraries", "python", words)
    if local:
        host = setting.gateway.url.removeprefix("http://")
        text = text.replace(f'host = "{NAMED}"', f'host = "{host}"\nAccessTokenClient.scheme = "http://"')
    text = filled(text, setting, setting.gateway.url if local else f"https://{GATEWAY}")
    told = run(setting, python_with_libraries("newest"), "-c", text)
    assert ("'campaignId'" if words == AD_API else "'US'") in told
    assert {host for host, _ in setting.net.answered} <= {GATEWAY}


def test_the_program_of_readme(setting: Setting) -> None:
    """In five lines, with a gateway on this machine."""
    setting.import_store()
    (text,) = [block.text for block in blocks(ROOT / "README.md") if block.language == "python"]
    assert len([line for line in text.splitlines() if line]) == 5
    text = text.replace("127.0.0.1:8765", setting.gateway.url.removeprefix("http://"))
    assert "'US'" in run(setting, python_with_libraries("newest"), "-c", text)


def test_curl(setting: Setting) -> None:
    """The key is in a file, where no list of processes shows it."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here; Debian: `apt install curl`")
    setting.import_store()
    (setting.folder / "auth.txt").write_text(f"Authorization: {setting.gateway.key}\n")
    (text,) = code(PAGE, "Other languages", "sh")
    assert "US" in run(setting, "sh", "-c", filled(text, setting, setting.gateway.url))


@pytest.mark.parametrize(
    ("language", "program", "file", "command"),
    [
        ("java", "javac", "Sites.java", ["java", "Sites.java"]),
        ("php", "php", "sites.php", ["php", "sites.php"]),
        ("csharp", "dotnet", "Program.cs", ["dotnet", "run"]),
    ],
)
def test_another_language(
    setting: Setting, language: str, program: str, file: str, command: list[str]
) -> None:
    """Where its runtime is."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    setting.import_store()
    (text,) = code(PAGE, "Other languages", language)
    # Without a locale javac reads no folder that has a name in other letters.
    folder = setting.folder / "program"
    folder.mkdir()
    if language == "csharp":
        subprocess.run(["dotnet", "new", "console", "--force"], cwd=folder, check=True, timeout=PATIENCE)
    (folder / file).write_text(filled(text, setting, setting.gateway.url), encoding="utf-8")
    assert "US" in run(setting, *command, folder=folder)


# The page's DAG with as much of Airflow as runs its tasks: each in a thread, as so many workers would.
AIRFLOW = """
from concurrent.futures import ThreadPoolExecutor

def dag(**settings):
    return lambda made: made

def task(**settings):
    assert settings["pool"] and settings["retries"]
    class Task:
        def __init__(self, function):
            self.function = function
        def expand(self, seller_id):
            with ThreadPoolExecutor(20) as threads:
                print(list(threads.map(self.function, seller_id)))
    return Task
"""


def test_twenty_tasks_of_a_dag_cost_one_refresh(setting: Setting) -> None:
    """Each asks the gateway for itself."""
    setting.import_store()
    text = filled(shown("Jobs", "python", "airflow"), setting, "").replace(
        f'["{SELLER}"]', f'["{SELLER}"] * 20'
    )
    (setting.folder / "airflow").mkdir()
    (setting.folder / "airflow" / "__init__.py").touch()
    (setting.folder / "airflow" / "sdk.py").write_text(AIRFLOW, encoding="utf-8")
    shutil.copy(ROOT / "adapters" / "python_amazon_sp_api.py", setting.folder)
    file = setting.folder / "amazon_sites.py"
    file.write_text(text, encoding="utf-8")
    told = run(setting, python_with_libraries("newest"), file)
    (number,) = set(json.loads(told))
    assert number > 0
    assert len(json.loads(told)) == 20
    assert len(setting.amazon.refreshes()) == 1


FASTAPI = """
from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from fastapi.testclient import TestClient
app = FastAPI()
def signed_in():
    return "customer-18"
{helpers}
{block}
print(TestClient(app, follow_redirects=False).post("/connect").headers["location"])
"""
DJANGO = """
import django
from django.conf import settings
settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
django.setup()
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.test import RequestFactory
from django.views.decorators.http import require_POST
class User:
    is_authenticated = True
    def get_username(self):
        return "customer-18"
{helpers}
{block}
request = RequestFactory().post("/connect")
request.user = User()
print(connect(request).headers["Location"])
"""
HELPERS = """
def wanted(customer):
    return {"customer": customer}
def gateway(path, body):
    return {"authorizeUrl": f"https://amazon.example{path}?{body['customer']}"}
"""


@pytest.mark.parametrize(("frame", "words"), [(FASTAPI, "@app.post"), (DJANGO, "@login_required")])
def test_a_web_framework_sends_the_customer_on(tmp_path: Path, frame: str, words: str) -> None:
    """To the link that the gateway makes for whoever is signed in."""
    text = frame.format(helpers=HELPERS, block=shown("A web application", "python", words))
    done = subprocess.run(
        [str(python_with_libraries("newest")), "-c", text],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.strip() == "https://amazon.example/spApi/authorizeUrl?customer-18", done.stderr


# The packages of its search, which the tests do without, are left out of the installation.
WITHOUT_SEARCH = """
import { register } from "node:module";
const text = "export const pipeline = null, LocalIndex = null; export default {};";
register("data:text/javascript," + encodeURIComponent(`
  const left = ["@huggingface/transformers", "vectra", "sharp"];
  export const resolve = (name, context, next) => left.includes(name)
    ? { url: "data:text/javascript," + encodeURIComponent(${JSON.stringify(text)}), shortCircuit: true }
    : next(name, context);`));
"""


def test_amazons_own_mcp_server(setting: Setting) -> None:
    """The entry of the page is all that it wants to call the SP-API through the gateway."""
    with or_skip():
        folder = node_packages(ROOT / ".libraries-mcp", Path(__file__).parent / "node-mcp")
    setting.import_store()
    text = shown("MCP servers made for Amazon", "json", LISTED)
    entry = json.loads(filled(text, setting, setting.gateway.url))["mcpServers"]["sp-api"]
    hook = setting.folder / "without-search.mjs"
    hook.write_text(WITHOUT_SEARCH, encoding="utf-8")
    program = folder / "node_modules" / "@amazon-sp-api-release" / "sp-api-dev-mcp" / "bundled-servers"
    client = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    called = {
        "name": "sp_api_execute",
        "arguments": {"endpoint": "getMarketplaceParticipations", "parameters": {}},
    }
    process = subprocess.Popen(
        ["node", "--import", str(hook), str(program / "sp-api-dev-assistant-mcp-server-wrapper.mjs")],
        cwd=setting.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(setting.folder), **entry["env"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in (
            {"id": 1, "method": "initialize", "params": client},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": called},
        ):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            process.stdin.flush()
        with ended_after(process):
            answer = next((line for line in process.stdout if '"id":2' in line), "")
        process.kill()
    assert "ATVPDKIKX0DER" in answer
    assert not SECRET.search(answer)


ASKS = """
import asyncio, os, sys
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

async def ask():
    transport = StdioTransport(command=sys.executable, args=["server.py"], env=dict(os.environ))
    async with Client(transport) as client:
        print((await client.call_tool("page_profiles", {})).structured_content["items"])

asyncio.run(ask())
"""


def test_kuudoais_mcp_server(setting: Setting) -> None:
    """It gets its token from the gateway, and calls Amazon."""
    setting.import_account()
    with or_skip():
        pinned = Path(__file__).parent / "requirements-ads-mcp.txt"
        python = python_environment(ROOT / ".libraries-ads-mcp", pinned)
    text = shown("MCP servers made for Amazon", "python", "amazon_ads_mcp")
    (setting.folder / "server.py").write_text(filled(text, setting, f"https://{GATEWAY}"), encoding="utf-8")
    known = {
        "AUTH_METHOD": "direct",
        "AMAZON_ADS_REGION": "na",
        "AMAZON_AD_API_CLIENT_ID": setting.amazon.ads["clientId"],
        "AMAZON_AD_API_CLIENT_SECRET": setting.gateway.key,
        "AMAZON_AD_API_REFRESH_TOKEN": f"account:{setting.account_id}",
        "CODE_MODE": "false",
        "FASTMCP_CHECK_FOR_UPDATES": "off",
    }
    assert "'US'" in run(setting, python, "-c", ASKS, **known)
    assert {host for host, _ in setting.net.answered} >= {GATEWAY, "advertising-api.amazon.com"}
