"""What the tests of several ways to run the gateway share."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.deploy_page import preparing, typed
from tests.support.deploy_tools import DEPLOY
from tests.support.gateway_server import Amazon


@pytest.fixture(scope="session")
def compose_folder(tmp_path_factory: pytest.TempPathFactory, amazon_process: Amazon) -> Path:
    """A copy of deploy/compose after the first steps of the page, with the stand-in's application."""
    if os.geteuid():
        pytest.skip("the secrets are given to another user, which wants root")
    copy = tmp_path_factory.mktemp("project") / "deploy"
    shutil.copytree(DEPLOY, copy)
    application = amazon_process.spapi
    values = {
        "YOUR_NAME": "gateway.example.net",
        "YOUR_APPLICATION_ID": application["appId"],
        "YOUR_CLIENT_ID": application["clientId"],
    }
    for line in preparing("One server with Docker"):
        typed(line, copy / "compose", values, pasted=application["clientSecret"])
    return copy / "compose"
