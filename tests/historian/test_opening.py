"""Which store a site has: a folder, or a server; serving a site on a server, and following it."""

from __future__ import annotations

import json
from pathlib import Path

import keyring
import keyring.backend
import pytest

from energy_console.app import main
from energy_console.historian.embedded import EmbeddedHistorian
from energy_console.historian.errors import StoreAddress, StoreAway, StoreError
from energy_console.historian.opening import open_store, store_folder, with_password
from energy_console.historian.share import Share

ONE = str(Path(__file__).resolve().parents[2] / "sites" / "one-meter")


def test_the_command_line_goes_before_the_site_and_the_site_before_the_usual_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path / "usual"))
    assert store_folder("x", "", None) == tmp_path / "usual" / "x"
    assert store_folder("x", str(tmp_path / "site"), None) == tmp_path / "site"
    assert store_folder("x", str(tmp_path / "site"), str(tmp_path / "line")) == tmp_path / "line"
    assert store_folder("x", "postgresql://db/energy", None) == tmp_path / "usual" / "x"
    store = open_store("x", str(tmp_path / "site"), None, writing=True)
    store.close()
    assert isinstance(store, EmbeddedHistorian)


class OneKey(keyring.backend.KeyringBackend):
    """A keyring with one password in it."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "p@ss/word" if (service, username) == ("energy-console", "console@db/energy") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_the_password_comes_from_the_keyring_unless_it_is_given(monkeypatch) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(OneKey())
    try:
        assert (
            with_password("postgresql://console@db:5433/energy") == "postgresql://console:p%40ss%2Fword@db:5433/energy"
        )
        assert with_password("postgresql://other@db/energy") == "postgresql://other@db/energy"
        monkeypatch.setenv("PGPASSWORD", "given")
        assert with_password("postgresql://console@db/energy") == "postgresql://console@db/energy"
    finally:
        keyring.set_keyring(before)


def test_a_server_that_is_away_and_an_address_that_is_none_are_told_in_a_sentence_without_the_password() -> None:
    with pytest.raises(StoreAway, match="cannot be reached") as away:
        open_store("x", "", "postgresql://me:secret@127.0.0.1:1/energy", writing=False)
    assert "secret" not in str(away.value)
    with pytest.raises(StoreAddress, match="write postgresql://"):
        open_store("x", "", "postgresql://me@host/energy?colour=red", writing=False)


def test_an_engine_keeps_what_it_reads_beside_its_usual_folder_while_its_server_is_away(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    store = open_store("x", "", "postgresql://me:secret@127.0.0.1:1/energy", writing=True)
    (told,) = store.notices()
    store.close()
    assert "cannot be reached" in told
    assert "secret" not in told
    assert (tmp_path / "x-outbox" / "site" / "outbox.sqlite").exists()


def test_a_store_in_a_folder_has_one_engine(tmp_path) -> None:
    with pytest.raises(StoreError, match="serve the whole site"):
        open_store("x", str(tmp_path), None, writing=True, share=Share(("port",)))


def test_a_site_is_served_and_asked_on_a_server(server: str, capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    assert main(["serve", "--site", ONE, "--virtual", "--store", server, "--for", "6s", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["stored"] >= counts["readings"] > 0
    window = ["--from", "2020-01-01T00:00Z", "--to", "2100-01-01T00:00Z"]
    assert main(["history", "meter/power_kw", "--site", ONE, "--store", server, *window, "--json"]) == 0
    assert '"good"' in capsys.readouterr().out
    assert main(["ledger", "--site", ONE, "--store", server]) == 0
    assert "Nothing was commanded" in capsys.readouterr().out
    assert main(["check-store", "--site", ONE, "--store", server]) == 0


def test_a_site_that_was_never_stored_there_is_told(server: str) -> None:
    with pytest.raises(StoreError, match="start the engine once"):
        open_store("never", "", server, writing=False)
