"""A backup of a PostgreSQL while gateways serve from it, restored into another one and into a file."""

import json
from pathlib import Path
from typing import Any

from tests.support.gateway_server import Amazon
from tests.support.house import House
from tests.support.operating import operate
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import SELLER, Replicas, authorize, replicas

STORE = {"sellerId": SELLER, "region": "NA"}


def test_a_restored_database_is_served_by_a_gateway_of_its_own(
    direct: Replicas, postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path
) -> None:
    """With the stores and keys of the first, which goes on; and a second restore into it is refused."""
    replica = direct.add()
    key = replica.key()
    authorize(replica, key)
    expected = replica.post("/spApi/storeTokens", STORE, key)["refreshToken"]
    environment = {**replica.environment, "GATEWAY_DATA_DIR": str(replica.data)}
    done = operate(
        House(tmp_path, replica.data, environment=environment), "backup", "--folder", str(tmp_path / "copies")
    ).good()
    assert done["verified"] is True

    empty = postgresql.database()
    place = House(tmp_path, tmp_path / "second", environment={**environment, "GATEWAY_DATABASE_URL": empty})
    finished = operate(place, "restore", done["backup"], GATEWAY_LOG_FORMAT="json")
    restored = finished.good()
    logged = [json.loads(line)["event"] for line in finished.stderr.splitlines()]
    assert "migrated" in logged, "what reads a gateway's log reads that of a job beside it"
    assert (restored["database"], restored["holds"]["stores"]) == ("postgresql", 1)
    again = operate(place, "restore", done["backup"])
    assert (again.code, again.error["code"]) == (2, "bad_arguments")
    with replicas(tmp_path / "others", empty, amazon) as others:
        other = others.add()
        assert other.post("/spApi/storeTokens", STORE, key)["refreshToken"] == expected
        assert other.post("/spApi/refreshToken", STORE, key)["accessToken"]
    assert replica.post("/spApi/storeTokens", STORE, key)["refreshToken"] == expected


def test_a_drill_needs_no_second_database(direct: Replicas, tmp_path: Path) -> None:
    """It goes into a file, though the settings name the PostgreSQL that serves, where nothing is written."""
    replica = direct.add()
    authorize(replica, replica.key())
    environment = {**replica.environment, "GATEWAY_DATA_DIR": str(replica.data)}
    place = House(tmp_path, replica.data, environment=environment)
    done = operate(place, "backup", str(tmp_path / "copy.db")).good()
    before = commanded(place)
    drill = tmp_path / "演练"
    restored = operate(place, "restore", done["backup"], "--drill", str(drill)).good()
    assert (restored["database"], restored["dataDir"]) == ("sqlite", str(drill))
    assert restored["holds"] == {"stores": 1, "adsAccounts": 0, "users": 1}
    assert (drill / "vault.db").is_file()
    assert before
    assert commanded(place) == before


def commanded(place: House) -> list[dict[str, Any]]:
    """Return what commands have done, as the audit has it; the calls that a gateway answers come later."""
    entries = operate(place, "audit").good()["entries"]
    return [entry for entry in entries if entry["who"] == "(operator)"]
