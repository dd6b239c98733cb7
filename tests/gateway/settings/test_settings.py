"""Settings: where they come from, which win, and what is refused, never with a secret in the message."""

import os
import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.backups import BackupSchedule
from gateway.settings.listening import Listening
from gateway.settings.loading import RECORDS, load_settings
from gateway.settings.secret_kinds import SecretText
from gateway.settings.settings import Settings
from gateway.settings.values import SettingsError
from gateway.settings.variables import declared
from gateway.util import file_modes
from gateway.util.secret import Secret

SPAPI = {"SPAPI_APP_ID": "amzn1.sellerapps.app.1", "SPAPI_CLIENT_ID": "amzn1.application-oa2-client.1"}
SECRET = "amzn1.oa2-cs.v1.canary"


class Place:
    """An empty home and bundle to load settings from."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bundle = folder / "bundle"
        (self.home / ".config" / "linkfox").mkdir(parents=True)
        self.bundle.mkdir()

    def load(self, environ: Mapping[str, str], **options: object) -> Settings:
        """Load settings from this place; the keyring is empty unless a test brings one."""
        given = {"secret_store": lambda _name: None} | options
        return load_settings(environ, home=self.home, bundle=self.bundle, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place without any `.env`."""
    return Place(tmp_path_factory.mktemp("place"))


def test_without_anything_set_the_defaults_hold(place: Place) -> None:
    """A real gateway on SQLite in the home folder, without applications."""
    settings = place.load({})
    assert settings.data_dir == place.home / ".local/share/linkfox/gateway"
    assert settings.public_url == "http://localhost:8765"
    assert (settings.sandbox, settings.database_url, settings.spapi, settings.ads) == (
        False,
        None,
        None,
        None,
    )
    assert settings.master_key_folder == place.home / ".config/linkfox/master-keys"


def test_a_sandbox_has_a_folder_of_its_own(place: Place) -> None:
    """Sandbox and real never share the default folder; a folder that is named is taken as it is."""
    assert place.load({}, sandbox=True).data_dir.name == "gateway-sandbox"
    assert place.load({"GATEWAY_DATA_DIR": "/srv/x"}, sandbox=True).data_dir == Path("/srv/x")
    assert place.load({"GATEWAY_DATA_DIR": "/srv/x"}, data_dir=Path("/srv/y")).data_dir == Path("/srv/y")


def test_a_sandbox_does_not_read_the_owner_s_applications(place: Place) -> None:
    """With --sandbox the real client secrets are not looked at; with AMAZON_ORIGIN those set are used."""

    def refuse(_name: str) -> Secret:
        raise AssertionError("the keyring was asked")

    assert place.load(SPAPI, sandbox=True, secret_store=refuse).spapi is None
    environ = SPAPI | {"SPAPI_CLIENT_SECRET": SECRET, "AMAZON_ORIGIN": "http://127.0.0.1:9"}
    settings = place.load(environ)
    assert settings.sandbox
    assert settings.spapi is not None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SPAPI_APP_ID", "amzn1.application-oa2-client.0a1b", ("a client id", "amzn1.sp.solution.")),
        ("SPAPI_APP_ID", SECRET, ("a client secret", "amzn1.sp.solution.")),
        ("SPAPI_CLIENT_ID", "amzn1.sp.solution.0a1b", ("an application id", "amzn1.application-oa2-client.")),
        ("SPAPI_CLIENT_ID", "amzn1.sellerapps.app.0a1b", ("an application id", "LWA credentials")),
        ("SPAPI_CLIENT_ID", SECRET, ("a client secret", "amzn1.application-oa2-client.")),
        ("ADS_CLIENT_ID", "amzn1.sp.solution.0a1b", ("an application id", "Login with Amazon")),
        ("ADS_CLIENT_ID", SECRET, ("a client secret", "amzn1.application-oa2-client.")),
    ],
)
def test_one_credential_in_place_of_another_is_recognized(
    place: Place, variable: str, value: str, words: tuple[str, ...]
) -> None:
    """Amazon answers MD1000 to a client id in place of the application id; here the start says so."""
    rest = {**SPAPI, "SPAPI_CLIENT_SECRET": SECRET, "ADS_CLIENT_ID": "ads", "ADS_CLIENT_SECRET": SECRET}
    with pytest.raises(SettingsError) as caught:
        place.load({**rest, variable: value})
    said = f"{caught.value.message} {caught.value.hint}"
    assert said.startswith(variable)
    assert all(word in said for word in words)
    assert value not in said


def test_the_stand_in_brings_its_own_applications(place: Place) -> None:
    """What the stand-in announced takes the place of Amazon and of the applications."""
    announced = {
        "url": "http://127.0.0.1:9",
        "spapi": {"appId": "a", "clientId": "b", "clientSecret": "c"},
        "ads": {"clientId": "d", "clientSecret": "e"},
    }
    settings = place.load({}, sandbox=True).with_stand_in(announced)
    assert settings.amazon_origin == "http://127.0.0.1:9"
    assert settings.spapi is not None
    assert settings.spapi.client_secret.reveal() == "c"
    assert settings.ads is not None
    assert settings.ads.client_id == "d"


def test_the_environment_goes_before_the_bundle_before_the_home(tmp_path: Path) -> None:
    """The first place that sets a variable wins, and an empty value sets nothing."""
    place = Place(tmp_path)
    (place.bundle / ".env").write_text("GATEWAY_PUBLIC_URL=https://bundle.example\nADS_CLIENT_ID=\n")
    (place.home / ".config/linkfox/.env").write_text(
        "GATEWAY_PUBLIC_URL=https://home.example\nADS_CLIENT_ID=from-home\nADS_CLIENT_SECRET=${HOME}\n"
    )
    assert (
        place.load({"GATEWAY_PUBLIC_URL": "https://environ.example"}).public_url == "https://environ.example"
    )
    settings = place.load({"GATEWAY_PUBLIC_URL": " "})
    assert settings.public_url == "https://bundle.example"
    assert settings.ads is not None
    assert settings.ads.client_id == "from-home"
    assert settings.ads.client_secret.reveal() == "${HOME}"


def test_the_working_directory_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `.env` that lies where the process was started changes nothing."""
    place = Place(tmp_path)
    somewhere = tmp_path / "somewhere"
    somewhere.mkdir()
    (somewhere / ".env").write_text("GATEWAY_PUBLIC_URL=https://evil.example\n")
    monkeypatch.chdir(somewhere)
    assert place.load({}).public_url == "http://localhost:8765"


def test_an_unreadable_env_file_is_named(tmp_path: Path) -> None:
    """A `.env` that is not UTF-8 gives a sentence with its path and none of its content."""
    place = Place(tmp_path)
    (place.bundle / ".env").write_bytes(b"ADS_CLIENT_SECRET=canary\xff\n")
    with pytest.raises(SettingsError, match=r"\.env") as refused:
        place.load({})
    assert "canary" not in str(refused.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows makes no such links")
def test_an_env_file_that_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    """It may hold settings, as one in another user's home, which HOME may still name."""
    place = Place(tmp_path)
    path = place.home / ".config" / "linkfox" / ".env"
    path.symlink_to(path)
    with pytest.raises(SettingsError, match=r"\.env cannot be looked at \(Too many levels") as refused:
        place.load({})
    assert "HOME" in refused.value.hint


@pytest.mark.parametrize(
    "line", ['GATEWAY_PUBLIC_URL="https://canary.example', "SPAPI_CLIENT_SECRET canary", "GATEWAY_PORT: 80"]
)
def test_a_line_of_an_env_file_that_sets_nothing_is_named(tmp_path: Path, line: str) -> None:
    """It is half of a line, or was meant otherwise; by its number, since a secret may stand in it."""
    place = Place(tmp_path)
    (place.bundle / ".env").write_text(f"# canary\r\n\r\nexport GATEWAY_WORKERS=2 # two\r\n{line}\r\n")
    with pytest.raises(SettingsError, match=r"\.env: line 4 is no NAME=value") as refused:
        place.load({})
    assert "canary" not in f"{refused.value} {refused.value.hint}"


def test_what_editors_of_windows_begin_a_file_with_is_no_part_of_it(tmp_path: Path) -> None:
    """Neither of the first variable's name, nor of a secret."""
    place = Place(tmp_path)
    path = tmp_path / "secret"
    path.write_bytes(b"\xef\xbb\xbf" + SECRET.encode() + b"\r\n")
    (place.bundle / ".env").write_bytes(b"\xef\xbb\xbfGATEWAY_WORKERS=2\r\n")
    settings = place.load(SPAPI | {"SPAPI_CLIENT_SECRET_FILE": str(path)})
    assert settings.listening.workers == 2
    assert settings.spapi is not None
    assert settings.spapi.client_secret.reveal() == SECRET


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "cannot be read: {} (Is a directory)"),
        (lambda _path: None, "cannot be read: {} (No such file or directory)"),
        (lambda path: path.write_text("canary", encoding="utf-16"), "{} holds no text in UTF-8"),
        (lambda path: path.write_text("canary\nsecond"), "{} holds no secret"),
        (lambda path: path.write_text("\n"), "{} holds no secret"),
    ],
    ids=["folder", "missing", "UTF-16", "two lines", "empty"],
)
def test_why_a_secret_file_holds_no_secret_is_told(
    place: Place, tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    """With its path, and with none of its content."""
    path = tmp_path / "机密"
    make(path)
    with pytest.raises(SettingsError) as refused:
        place.load(SPAPI | {"SPAPI_CLIENT_SECRET_FILE": str(path)})
    assert words.format(path) in refused.value.message
    assert "canary" not in f"{refused.value} {refused.value.hint}"


def test_client_secrets_come_from_variable_file_or_keyring(place: Place, tmp_path: Path) -> None:
    """The variable or the file goes before the keyring."""
    path = tmp_path / "secret"
    path.write_text("from-file\n")

    def held(name: str) -> Secret:
        return Secret(f"keyring {name}")

    def secret(environ: dict[str, str]) -> str:
        app = place.load(environ, secret_store=held).spapi
        assert app is not None
        return app.client_secret.reveal()

    assert secret(SPAPI | {"SPAPI_CLIENT_SECRET": SECRET}) == SECRET
    assert secret(SPAPI | {"SPAPI_CLIENT_SECRET_FILE": str(path)}) == "from-file"
    assert secret(SPAPI) == "keyring SPAPI_CLIENT_SECRET"


SECRETS = [
    variable.name
    for record in RECORDS
    for _, variable in declared(record)
    if isinstance(variable.kind, SecretText)
]


def test_every_secret_may_stand_in_a_file() -> None:
    """A container gets its secrets so, and no list of processes shows them."""
    assert set(SECRETS) >= {"GATEWAY_DATABASE_URL", "GATEWAY_WEBHOOK_SECRET", "SPAPI_CLIENT_SECRET"}


def a_secret(name: str, word: str) -> str:
    """Something with the word in it that the variable takes."""
    if name.endswith("_URL"):
        return f"postgresql://gateway:{word}@db.example/gateway"
    return f"lfx_local_{word}{string.ascii_letters}"[:53] if name == "GATEWAY_BOOTSTRAP_KEY" else word * 4


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_of_a_file_is_the_one_of_the_variable(place: Place, tmp_path: Path, name: str) -> None:
    """Both may say the same; where they differ the start is refused, and neither is shown."""
    text = a_secret(name, "canary")
    path = tmp_path / "机密"
    path.write_text(text + "\n", encoding="utf-8")
    rest = {**SPAPI, "ADS_CLIENT_ID": "ads", "GATEWAY_WEBHOOK_URL": "https://hooks.example"}
    others = [other for other in SECRETS if other != name]
    rest |= {other: a_secret(other, "other") for other in others}
    in_variable = place.load({**rest, name: text})
    in_file = place.load({**rest, f"{name}_FILE": str(path)})
    assert in_variable == replace(in_file, readable_files=())
    assert place.load({**rest, name: text, f"{name}_FILE": str(path)}) == in_file
    path.write_text(a_secret(name, "canard"), encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{name} and the file of {name}_FILE") as refused:
        place.load({**rest, name: text, f"{name}_FILE": str(path)})
    assert "canar" not in str(refused.value)


def test_how_it_listens_is_a_setting(place: Place, tmp_path: Path) -> None:
    """A flag goes before the setting, the setting before the default."""
    assert place.load({}).listening == Listening("127.0.0.1", 8765, 1, None, None)
    certificate = {f"GATEWAY_TLS_{what}_FILE": str(tmp_path / what) for what in ("CERT", "KEY")}
    environ = {"GATEWAY_HOST": "0.0.0.0", "GATEWAY_PORT": "0", "GATEWAY_WORKERS": "3", **certificate}
    listening = place.load(environ).listening
    assert listening == Listening("0.0.0.0", 0, 3, tmp_path / "CERT", tmp_path / "KEY")
    assert listening.with_flags(port=9000, host="::1") == Listening(
        "::1", 9000, 3, tmp_path / "CERT", tmp_path / "KEY"
    )


def test_a_port_that_kubernetes_announces_is_no_setting(place: Place) -> None:
    """Beside a Service that is called `gateway` each pod has GATEWAY_PORT set to that one's address."""
    assert place.load({"GATEWAY_PORT": "tcp://10.96.0.12:8765"}).listening.port == 8765


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("kind", ["client secret", "master key", ".env of the bundle", ".env of the user"])
def test_a_file_with_secrets_is_nobody_elses_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Refused with what to do; one that others can read is taken, and told of."""
    place = Place(tmp_path)
    path = {
        ".env of the bundle": place.bundle / ".env",
        ".env of the user": place.home / ".config" / "linkfox" / ".env",
    }.get(kind, tmp_path / "secret")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("X=1" if path.name == ".env" else SECRET)
    environ = {
        "client secret": SPAPI | {"SPAPI_CLIENT_SECRET_FILE": str(path)},
        "master key": {"GATEWAY_MASTER_KEY_FILE": str(path)},
    }.get(kind, {})
    path.chmod(0o600)
    assert place.load(environ).readable_files == ()
    for mode in (0o604, 0o644):
        path.chmod(mode)
        assert place.load(environ).readable_files == (path,)
    for mode in (0o602, 0o666):
        path.chmod(mode)
        with pytest.raises(SettingsError, match="can be written by others") as refused:
            place.load(environ)
        assert f"chmod 600 {path}" in refused.value.hint
        assert SECRET not in str(refused.value)
    monkeypatch.setattr(file_modes, "_is_private_group", lambda *_: True)
    path.chmod(0o660)
    assert place.load(environ).readable_files == ()
    monkeypatch.setattr(file_modes, "_is_private_group", lambda *_: False)
    with pytest.raises(SettingsError):
        place.load(environ)
    path.chmod(0o640)
    assert place.load(environ).readable_files == (path,)


WEBHOOK_URL = {"GATEWAY_WEBHOOK_URL": "https://hooks.example"}


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (SPAPI, "SPAPI_CLIENT_SECRET"),
        ({"SPAPI_APP_ID": "a", "SPAPI_CLIENT_SECRET": SECRET}, "SPAPI_CLIENT_ID"),
        ({"SPAPI_CLIENT_SECRET": SECRET}, "SPAPI_APP_ID and SPAPI_CLIENT_ID"),
        ({"ADS_CLIENT_SECRET": SECRET}, "ADS_CLIENT_ID"),
        (SPAPI | {"SPAPI_CLIENT_SECRET_FILE": "/nonexistent"}, "/nonexistent"),
        (SPAPI | {"SPAPI_CLIENT_SECRET": "c" * 5000}, "SPAPI_CLIENT_SECRET"),
        (SPAPI | {"SPAPI_CLIENT_SECRET": SECRET, "SPAPI_DRAFT": "perhaps"}, "SPAPI_DRAFT"),
        ({"ADS_CLIENT_ID": "a b", "ADS_CLIENT_SECRET": SECRET}, "ADS_CLIENT_ID"),
        ({"ADS_CLIENT_ID": "a\u202eb", "ADS_CLIENT_SECRET": SECRET}, "ADS_CLIENT_ID"),
        ({"GATEWAY_DATA_DIR": "relative/path"}, "GATEWAY_DATA_DIR"),
        ({"GATEWAY_DATABASE_URL": "mysql://u:canary@h/d"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_DATABASE_URL": "canary"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_DATABASE_READ_URL": "postgresql://h/d"}, "GATEWAY_DATABASE_READ_URL is set"),
        ({"GATEWAY_MASTER_KEY": "canary\x07"}, "GATEWAY_MASTER_KEY"),
        ({"GATEWAY_DATABASE_URL_FILE": "relative"}, "GATEWAY_DATABASE_URL_FILE"),
        ({"GATEWAY_HOST": "canary:8765/"}, "GATEWAY_HOST"),
        ({"GATEWAY_HOST": "*"}, "GATEWAY_HOST"),
        ({"GATEWAY_PORT": "canary"}, "GATEWAY_PORT"),
        ({"GATEWAY_PORT": "65536"}, "GATEWAY_PORT"),
        ({"GATEWAY_WORKERS": "0"}, "GATEWAY_WORKERS"),
        ({"GATEWAY_TLS_CERT_FILE": "cert.pem"}, "GATEWAY_TLS_CERT_FILE"),
        ({"AMAZON_ORIGIN": "http://amazon.example"}, "AMAZON_ORIGIN"),
        ({"AMAZON_ORIGIN": "https://api.amazon.com"}, "AMAZON_ORIGIN"),
        ({"AMAZON_ORIGIN": "http://127.0.0.1:9/path"}, "AMAZON_ORIGIN"),
        ({"AMAZON_ORIGIN": "http://127.0.0.1@evil.example"}, "AMAZON_ORIGIN"),
        ({"AMAZON_ORIGIN": "http://127.0.0.1.evil.example"}, "AMAZON_ORIGIN"),
        ({"GATEWAY_ALLOWED_HOSTS": "*"}, "GATEWAY_ALLOWED_HOSTS"),
        ({"GATEWAY_ALLOWED_HOSTS": "gateway:8765"}, "GATEWAY_ALLOWED_HOSTS"),
        ({"GATEWAY_ALLOWED_HOSTS": "https://gateway"}, "GATEWAY_ALLOWED_HOSTS"),
        ({"GATEWAY_ALLOWED_HOSTS": "good,a.*.example"}, "GATEWAY_ALLOWED_HOSTS"),
        ({"GATEWAY_ALLOWED_HOSTS": "user@gateway"}, "GATEWAY_ALLOWED_HOSTS"),
        ({"GATEWAY_PUBLIC_URL": "http://gateway.example"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://gateway.example/path"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://gateway.example?x=1"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://user:canary@gateway.example"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://gateway.example:port"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://[::1"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "gateway.example"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_RETURN_ORIGINS": "https://a.example,http://canary.example"}, "GATEWAY_RETURN_ORIGINS"),
        ({"GATEWAY_RETURN_ORIGINS": "https://a.example/path"}, "GATEWAY_RETURN_ORIGINS"),
        ({"GATEWAY_RETURN_ORIGINS": "https://*.canary.example"}, "GATEWAY_RETURN_ORIGINS"),
        (WEBHOOK_URL, "GATEWAY_WEBHOOK_SECRET"),
        ({"GATEWAY_WEBHOOK_SECRET": "canary" * 4}, "GATEWAY_WEBHOOK_URL"),
        (
            WEBHOOK_URL | {"GATEWAY_WEBHOOK_SECRET": "whsec_canary, no base64"},
            "GATEWAY_WEBHOOK_SECRET",
        ),
        (WEBHOOK_URL | {"GATEWAY_WEBHOOK_SECRET": "whsec_Y2FuYXJ5Y2FuYXJ5"}, "GATEWAY_WEBHOOK_SECRET"),
    ],
)
def test_a_bad_setting_is_named_and_explained(place: Place, environ: dict[str, str], named: str) -> None:
    """The error is one line that names the variable, tells what to do, and repeats no value."""
    with pytest.raises(SettingsError) as refused:
        place.load(environ)
    assert named in refused.value.message
    assert refused.value.hint
    assert refused.value.code == "not_set_up"
    assert "\n" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_origins_are_kept_as_browsers_write_them(place: Place) -> None:
    """In lower case and without the port that goes without saying, so that an address can be compared."""
    given = "https://App.Example.com:443, http://localhost:3000 https://xn--bcher-kva.example/"
    settings = place.load({"GATEWAY_RETURN_ORIGINS": given})
    wanted = ("https://app.example.com", "http://localhost:3000", "https://xn--bcher-kva.example")
    assert settings.return_origins == wanted


def test_hosts_are_kept_as_requests_name_them(place: Place) -> None:
    """In lower case and in ASCII, addresses in their shortest form."""
    hosts = "Gateway, *.Svc.Cluster.Local 10.0.0.1,[FD00:0::7] 店铺.example db_1.internal."
    assert place.load({"GATEWAY_ALLOWED_HOSTS": hosts}).allowed_hosts == (
        *("gateway", "*.svc.cluster.local", "10.0.0.1", "fd00::7"),
        *("xn--hxtq42j.example", "db_1.internal"),
    )


@pytest.mark.parametrize(
    "uri",
    ["http://example.com/cb", "https://example.com/cb#x", "ftp://x/cb", "https://u:canary@x/cb", "nonsense"],
)
def test_a_redirect_address_that_amazon_would_not_take_is_refused(place: Place, uri: str) -> None:
    """Only https, or plain http on loopback, without a fragment."""
    with pytest.raises(SettingsError, match="ADS_REDIRECT_URI"):
        place.load({"ADS_CLIENT_ID": "a", "ADS_CLIENT_SECRET": SECRET, "ADS_REDIRECT_URI": uri})


def test_a_registered_redirect_address_is_taken_as_it_is_written(place: Place) -> None:
    """Amazon compares it as text, so not a character changes; without one it is built on the public URL."""
    registered = "https://Example.COM/CallBack/?a=b"
    ads = {"ADS_CLIENT_ID": "a", "ADS_CLIENT_SECRET": SECRET}
    settings = place.load(ads | {"ADS_REDIRECT_URI": registered})
    assert settings.redirect_uri("ads") == registered
    assert settings.redirect_uri("spapi") == "http://localhost:8765/spApi/oauth/callback"
    moved = place.load(ads).with_origin("http://localhost:5")
    assert moved.redirect_uri("ads") == "http://localhost:5/amazonAds/oauth/callback"
    public = place.load({"GATEWAY_PUBLIC_URL": "https://Gateway.example/"}).with_origin("http://localhost:5")
    assert public.redirect_uri("spapi") == "https://gateway.example/spApi/oauth/callback"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_address_is_taken_in_its_usual_spellings(place: Place, scheme: str) -> None:
    """All spellings lead to the same driver, and the address prints masked: it may hold a password."""
    url = place.load({"GATEWAY_DATABASE_URL": f"{scheme}://u:canary@h/d"}).database_url
    assert url is not None
    assert url.reveal() == "postgresql+psycopg://u:canary@h/d"
    assert "canary" not in repr(url)


NAMES = (
    *("GATEWAY_DATA_DIR", "GATEWAY_DATABASE_URL", "GATEWAY_MASTER_KEY", "GATEWAY_MASTER_KEY_FILE"),
    *("GATEWAY_PUBLIC_URL", "AMAZON_ORIGIN", "SPAPI_APP_ID", "SPAPI_CLIENT_ID", "SPAPI_CLIENT_SECRET"),
    *("SPAPI_CLIENT_SECRET_FILE", "SPAPI_REDIRECT_URI", "SPAPI_DRAFT", "ADS_CLIENT_ID", "ADS_CLIENT_SECRET"),
)
VALUES = st.one_of(
    st.text(max_size=60),
    st.builds("https://{}".format, st.text(max_size=20)),
    st.builds("http://127.0.0.1:{}".format, st.text("0123456789/?#@", max_size=8)),
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_environment_gives_settings_or_one_sentence(place: Place, environ: dict[str, str]) -> None:
    """Whatever stands in the variables, it is taken or refused in one printable line."""
    try:
        settings = place.load(environ)
    except SettingsError as error:
        told = str(error)
    else:
        told = settings.public_url
        assert settings.data_dir.is_absolute()
    assert told.isprintable()
    assert told


@given(
    st.text(min_size=41, max_size=100)
    .map(str.strip)
    .filter(lambda text: len(text) > 40 and text.isprintable())
)
def test_no_setting_prints_a_secret(place: Place, secret: str) -> None:
    """However the settings are printed, no secret is in it."""
    environ = SPAPI | {"SPAPI_CLIENT_SECRET": secret, "GATEWAY_MASTER_KEY": secret}
    settings = place.load(environ | {"ADS_CLIENT_ID": "x", "ADS_CLIENT_SECRET": secret})
    assert settings.spapi is not None
    assert settings.spapi.client_secret.reveal() == secret
    assert repr(secret)[1:-1] not in repr(settings)
    assert secret not in f"{settings}"


class TestBackups:
    """Backups that the gateway makes by itself."""

    def test_the_folder_is_enough(self, place: Place, tmp_path: Path) -> None:
        """The rest has defaults; hours become seconds."""
        backups = place.load({"GATEWAY_BACKUP_FOLDER": str(tmp_path)}).backups
        assert backups == BackupSchedule(tmp_path, 24 * 3600, 7)
        more = {
            "GATEWAY_BACKUP_FOLDER": str(tmp_path),
            "GATEWAY_BACKUP_HOURS": "6",
            "GATEWAY_BACKUP_KEEP": "2",
        }
        assert place.load(more).backups == BackupSchedule(tmp_path, 6 * 3600, 2)
        assert place.load({}).backups is None

    def test_what_does_not_go_together_is_refused(self, place: Place, tmp_path: Path) -> None:
        """A number without the folder, and a PostgreSQL, for which the words name the command."""
        with pytest.raises(SettingsError, match="GATEWAY_BACKUP_FOLDER is not set"):
            place.load({"GATEWAY_BACKUP_KEEP": "2"})
        both = {"GATEWAY_BACKUP_FOLDER": str(tmp_path), "GATEWAY_DATABASE_URL": "postgresql://u@h/d"}
        with pytest.raises(SettingsError, match="SQLite alone") as refused:
            place.load(both)
        assert "backup --folder" in refused.value.hint
