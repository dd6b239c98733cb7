"""On which event loop the gateway serves."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.server import serve
from gateway.settings.listening import Listening
from gateway.settings.loading import load_settings

POSTGRESQL = {"GATEWAY_DATABASE_URL": "postgresql://gateway@127.0.0.1/vault"}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("system", "environ", "chosen"),
    [("nt", POSTGRESQL, True), ("nt", {}, False), ("posix", POSTGRESQL, False)],
    ids=["windows-postgresql", "windows-sqlite", "posix-postgresql"],
)
def test_on_windows_postgresql_gets_a_loop_that_can_wait_for_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    environ: Mapping[str, str],
    chosen: bool,
    workers: int,
) -> None:
    """The default one of Windows is refused by psycopg; everywhere else uvicorn chooses."""
    settings = load_settings(environ, data_dir=tmp_path, home=tmp_path, bundle=tmp_path)
    settings = replace(settings, listening=Listening(workers=workers))
    monkeypatch.setattr(serve, "os", SimpleNamespace(name=system))
    config = serve._uvicorn_config(settings, "gateway.app:create_app")
    assert config.loop == ("asyncio:SelectorEventLoop" if chosen else "auto")
    if chosen:
        assert config.get_loop_factory() is asyncio.SelectorEventLoop
