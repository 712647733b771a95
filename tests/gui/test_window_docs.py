"""docs/window.md names every key there is."""

from __future__ import annotations

from pathlib import Path

from energy_console.gui.frame import actions
from energy_console.gui.pages import registry

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "window.md").read_text("utf-8")


def test_every_key_of_an_action_is_written_down():
    assert [entry.shortcut for entry in actions.ENTRIES if entry.shortcut not in PAGE] == []


def test_no_key_means_two_things():
    keys = [entry.shortcut for entry in (*actions.ENTRIES, *registry.ENTRIES)]
    assert len(keys) == len(set(keys))


def test_the_pages_are_named_in_the_order_of_their_keys():
    assert ", ".join(entry.title for entry in registry.ENTRIES) in PAGE
