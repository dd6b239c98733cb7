"""What can be used as it is set, and what somebody should look at all the same."""

from pathlib import Path

import pytest

from gateway.settings.cautions import cautions, known_variables
from gateway.settings.loading import load_settings

SECRET = "amzn1.oa2-cs.v1.canary"
ADS = {"ADS_CLIENT_ID": "amzn1.application-oa2-client.1", "ADS_CLIENT_SECRET": SECRET}


def told(folder: Path, **environ: str) -> list[tuple[str, str]]:
    """What is said of these settings: of which variable, and the sentences."""
    (folder / ".config" / "linkfox").mkdir(parents=True, exist_ok=True)
    settings = load_settings(
        {"GATEWAY_DATA_DIR": str(folder / "data"), **environ},
        home=folder,
        bundle=folder,
        secret_store=lambda _name: None,
    )
    found = cautions(settings)
    assert all(caution.message and caution.remedy.endswith((".", "?")) for caution in found)
    assert "canary" not in str(found)
    return [(caution.setting, f"{caution.message} {caution.remedy}") for caution in found]


def test_usual_settings_are_not_spoken_of(tmp_path: Path) -> None:
    """Nor is anything that others set beside the gateway."""
    environ = dict.fromkeys(known_variables(), "") | {
        "GATEWAY_PUBLIC_URL": "https://gateway.example",
        "GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8",
        "GATEWAY_MASTER_KEY_FILE": str(tmp_path / "key"),
        "SPAPI_BASE_URL": "https://older.example",
        "GATEWAY_WORKER": "{}",
        "GATEWAY_SERVICE_HOST": "10.96.0.12",
        "GATEWAY_PORT_8765_TCP_ADDR": "10.96.0.12",
        "PROXY_PORT": "tcp://10.96.0.13:3128",
        "ADSL_LINE": "1",
        **ADS,
    }
    assert told(tmp_path, **environ) == []


@pytest.mark.parametrize(
    ("environ", "setting", "words"),
    [
        ({"GATEWAY_PUBLIC_URI": "canary"}, "GATEWAY_PUBLIC_URI", "Did you mean GATEWAY_PUBLIC_URL?"),
        ({"SPAPI_CLIENT_SECRETFILE": "canary"}, "SPAPI_CLIENT_SECRETFILE", "mean SPAPI_CLIENT_SECRET_FILE?"),
        ({"PROXY_ADS_WRITE": "canary"}, "PROXY_ADS_WRITE", "mean PROXY_ADS_WRITES?"),
        ({"ADS_XYZZY": "canary"}, "ADS_XYZZY", "Take it away"),
        ({"SPAPI_DRAFT": "true"}, "SPAPI_DRAFT", "Set SPAPI_APP_ID and SPAPI_CLIENT_ID, or"),
        ({"GATEWAY_TRUSTED_PROXIES": "0.0.0.0/0"}, "GATEWAY_TRUSTED_PROXIES", "every address is trusted"),
        ({"GATEWAY_TRUSTED_PROXIES": "10.0.0.1,::/0"}, "GATEWAY_TRUSTED_PROXIES", "every address is trusted"),
        ({"AMAZON_ORIGIN": "http://127.0.0.1:9", **ADS}, "AMAZON_ORIGIN", "nothing goes to Amazon"),
        ({"GATEWAY_HOST": "0.0.0.0"}, "GATEWAY_HOST", "answers to loopback names alone"),
    ],
)
def test_what_is_doubtful_is_told_with_what_to_do(
    tmp_path: Path, environ: dict[str, str], setting: str, words: str
) -> None:
    """Once, by the variable's name; never with what is in it."""
    [(about, said)] = told(tmp_path, **environ)
    assert about == setting
    assert words in said


def test_a_slip_in_the_settings_file_is_told_of(tmp_path: Path) -> None:
    """Most settings stand there."""
    (tmp_path / ".env").write_text("GATEWAY_LOGFORMAT=json\n")
    assert [said for _, said in told(tmp_path)] == [
        "there is no setting GATEWAY_LOGFORMAT Did you mean GATEWAY_LOG_FORMAT?"
    ]


def test_a_master_key_beside_its_database_is_told_of(tmp_path: Path) -> None:
    """On PostgreSQL it is not beside it."""
    key = {"GATEWAY_MASTER_KEY_FILE": str(tmp_path / "data" / "key")}
    assert [about for about, _ in told(tmp_path, **key)] == ["GATEWAY_MASTER_KEY_FILE"]
    assert told(tmp_path, **key, GATEWAY_DATABASE_URL="postgresql://db.example/gateway") == []
