"""Client libraries of JavaScript, and what Amazon's SDK for Java sends, changed in two addresses."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.libraries.conftest import REGION, SECRET, SELLER, Setting, node_folder
from tests.support.client_program import PROGRAMS, ClientProgram, Failed, client_program
from tests.support.house import PATIENCE

WAYS = pytest.mark.parametrize("way", ["door", "proxy"])


def tell_a_story(program: ClientProgram, setting: Setting, way: str) -> None:
    """It lists, reads, downloads a report, also after a restart; then it says who has to authorize again."""
    assert "US" in program.do("listed")
    assert program.do("read").count("-") == 2
    setting.gateway.kill()
    setting.restart()
    assert "seller-sku" in program.do("report")
    assert len(setting.amazon.refreshes()) == (1 if way == "door" else 0)
    setting.amazon.control("revoke", {"sellerId": SELLER, "region": REGION})
    setting.age_tokens()
    program.do("anew")
    with pytest.raises(Failed, match="redirect_uri=https%3A") as failure:
        program.do("listed")
    assert not SECRET.search(failure.value.told)


@WAYS
@pytest.mark.parametrize("library", ["package", "sdk"], ids=["npm amazon-sp-api", "Amazon's own SDK"])
def test_a_library_of_javascript(setting: Setting, library: str, way: str) -> None:
    """Neither lets the address of tokens be set, so the program asks for them itself."""
    environment = setting.environment(NODE_FOLDER=str(node_folder()))
    setting.import_store()
    command = ("node", PROGRAMS / "selling_partner.mjs", library, way)
    with client_program(*command, environment=environment, folder=setting.folder) as running:
        tell_a_story(running, setting, way)


@pytest.fixture(scope="module")
def java_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program; its folder."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("no Java is here; Debian: `apt install default-jdk-headless`")
    folder = tmp_path_factory.mktemp("classes")
    source = Path(__file__).parent / "programs" / "SellingPartner.java"
    subprocess.run(["javac", "-d", str(folder), str(source)], check=True, timeout=PATIENCE)
    return folder


@WAYS
def test_what_amazons_sdk_for_java_sends(setting: Setting, java_class: Path, way: str) -> None:
    """The SDK itself is at Maven Central, which the tests do without."""
    setting.import_store()
    command = ("java", "-cp", java_class, "SellingPartner", way)
    with client_program(*command, environment=setting.environment(), folder=setting.folder) as running:
        tell_a_story(running, setting, way)
