"""A command works on a PostgreSQL from any machine, such as a job's that makes backups each night."""

from pathlib import Path

from tests.support.house import House
from tests.support.operating import operate
from tests.support.replicas import Replicas


def test_no_gateway_has_to_have_run_on_the_folder(direct: Replicas, tmp_path: Path) -> None:
    """What is in the database is every folder's; of a SQLite the folder is the gateway."""
    replica = direct.add()
    folder = tmp_path / "elsewhere"
    environment = {**replica.environment, "GATEWAY_DATA_DIR": str(folder)}
    place = House(tmp_path, folder, environment=environment)
    listed = operate(place, "list-keys").good()["keys"]
    assert [each["user"] for each in listed] == ["owner"]
    refused = operate(place, "list-keys", GATEWAY_DATABASE_URL="")
    assert (refused.code, refused.error["code"]) == (3, "not_set_up")
