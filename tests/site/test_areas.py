"""Areas of a site: what belongs to which, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from energy_console.site.areas import UnknownArea, area_of_points, areas_of, number_of, part_of
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from tests.site.folder import FILES, faults_of, write_site

NOBODY = "no engine would read it"


def links(*areas: str) -> str:
    urls = ("gw-1,tcp://10.0.0.1:502", "rtu-1,rtu+tcp://10.0.0.2:4001")
    return "link,url,area\n" + "".join(f"{url},{area}\n" for url, area in zip(urls, areas, strict=True))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return load_site(write_site(tmp_path, FILES | {"links.csv": links("quayside", "town")}))


def test_every_point_is_of_one_area_and_calculated_ones_where_most_of_their_inputs_are(site: Site) -> None:
    assert areas_of(site) == ("quayside", "town")
    whose = area_of_points(site)
    assert set(whose) == {point.id for point in site.points}
    assert whose["E01.1/power_kw"] == whose["area.port/power_kw"] == whose["E01/power_kw"] == "quayside"
    assert whose["M2/power_kw"] == whose["W1/flow_m3h"] == "town"
    assert whose["site/net_kw"] == "quayside", "two of its three inputs are"


def test_parts_have_everything_once_and_count_in_the_rows_of_the_whole(site: Site) -> None:
    parts = [part_of(site, [area]) for area in areas_of(site)]
    rows = [int(row) for part in parts for row in part.rows]
    assert sorted(rows) == list(range(len(site.points)))
    for part in parts:
        assert [site.points[row] for row in part.rows] == list(part.site.points)
    assert [device.id for device in parts[1].site.devices] == ["M2", "S1.m", "W1"]
    assert [node.id for node in parts[0].site.nodes] == ["ROOT", "E01"]
    assert part_of(site, ["town", "quayside"]).areas == ("quayside", "town")


def test_an_area_that_is_not_there_is_told_with_those_that_are(site: Site, tmp_path: Path) -> None:
    with pytest.raises(UnknownArea, match=r"Small quay has no area twon: did you mean town\?"):
        part_of(site, ["twon"])
    with pytest.raises(UnknownArea, match=r"no link of links\.csv names one"):
        part_of(load_site(write_site(tmp_path)), ["town"])


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        (
            ("quayside", ""),
            f"links.csv:3: link rtu-1 has no area, and others have one: {NOBODY}; name its area, such as quayside",
        ),
        (
            ("quayside", "quayside town"),
            "links.csv:3: link rtu-1 is in areas quayside and town; name one: a link is read by one engine",
        ),
        (
            ("quayside", "Quayside"),
            "links.csv:3: area Quayside cannot be told from area quayside (line 2); write one name for both",
        ),
        (("quayside", "site"), "links.csv:3: area site has the name of the whole; call it otherwise, such as port"),
        (
            ("quayside", "-town"),
            "links.csv:3: area -town is no name; use letters, digits, - and _, such as port or city-north",
        ),
    ],
)
def test_areas_that_make_no_sense_are_faults(tmp_path: Path, areas: tuple[str, str], told: str) -> None:
    assert faults_of(write_site(tmp_path, FILES | {"links.csv": links(*areas)})) == [told]


def test_numbers_of_areas_do_not_depend_on_the_others() -> None:
    assert number_of("port") == number_of("port") != number_of("city")
    assert number_of("port") * 10**9 < 2**53
