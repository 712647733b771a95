"""docs/site-folder.md names every table, column and key that is read, and its example is a sound site."""

from __future__ import annotations

import re
from pathlib import Path

from energy_console.site import layouts
from energy_console.site.loader import load_site

PAGE = (Path(__file__).parents[2] / "docs" / "site-folder.md").read_text(encoding="utf-8")


def test_every_table_and_column_is_explained():
    tables = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    explained = {name for cell in tables for name in re.findall(r"`(\w+)`", cell)}
    for layout in layouts.ALL:
        assert layout.file in PAGE
        assert set(layout.columns) <= explained, set(layout.columns) - explained


def test_the_example_of_the_page_is_a_sound_site(tmp_path):
    least = PAGE.partition("## The least that works")[2].partition("## site.toml")[0]
    for name, text in re.findall(r"`([\w.]+)`\n```\w+\n(.*?)```", least, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    site = load_site(tmp_path)
    assert (site.root.id, len(site.devices)) == ("house", 1)
