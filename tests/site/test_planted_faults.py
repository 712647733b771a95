"""Each fault a site folder can have, planted in a sound one, is told with its file, its line and what to do."""

from __future__ import annotations

import pytest

from tests.site.folder import FILES, faults_after, faults_of, write_site

PLANTED = [
    (
        "site.toml",
        'id = "',
        'store = "postgresql://me:secret@db/energy"\nid = "',
        ["site.toml:2: store holds a password; keep it in the keyring or in PGPASSWORD, and write USER@HOST"],
    ),
    (
        "site.toml",
        'id = "',
        'store = "mysql://db/energy"\nid = "',
        ["site.toml:2: store mysql://db/energy is no database; write postgresql://USER@HOST/DATABASE, or a folder"],
    ),
    (
        "site.toml",
        "[carbon]",
        "[keep_days]\nreadings = 400\nminutes = 30\nhours = 100\n\n[carbon]",
        ["site.toml:39: hours are kept shorter than readings; keep them 400 days or longer"],
    ),
    (
        "site.toml",
        "[carbon]",
        "[keep_days]\nseconds = 400\nreadings = 0\n\n[carbon]",
        [
            "site.toml:37: key seconds is not known; did you mean tenseconds?",
            "site.toml:38: readings is 0; it must lie between 1 and 100000",
        ],
    ),
    # site.toml: keys, units, kinds, numbers
    (
        "site.toml",
        "limit_kw = 400",
        "limt_kw = 400",
        ["site.toml:13: key limt_kw is not known; did you mean limit_kw?"],
    ),
    (
        "site.toml",
        "limit_kw = 400",
        "limit_w = 400000",
        ["site.toml:13: key limit_w is not known; give it as limit_kw"],
    ),
    (
        "site.toml",
        "limit_kw = 400",
        'limit_kw = "400 kW"',
        ["site.toml:13: limit_kw must be a number, not text; write it bare, without quotes or unit"],
    ),
    ("site.toml", "limit_kw = 400", "limit_kw = nan", ["site.toml:13: limit_kw is nan; write a finite number"]),
    ("site.toml", ", limit_kw = 400", "", ["site.toml:13: limit_kw is missing in [grid]; add limit_kw = ..."]),
    ("site.toml", '"feeder"', '"feder"', ["site.toml:13: kind feder is not known; did you mean feeder?"]),
    ("site.toml", "[carbon]", "[karbon]", ["site.toml:36: key karbon is not known; did you mean carbon?"]),
    (
        "site.toml",
        "Europe/Amsterdam",
        "Europe/Amsterdm",
        ["site.toml:9: time zone Europe/Amsterdm is not known; did you mean Europe/Amsterdam?"],
    ),
    (
        "site.toml",
        "= 51.9",
        "= 151.9",
        ["site.toml:7: latitude_deg is 151.9; it must lie between -90 and 90"],
    ),
    (
        "site.toml",
        "valid_from = 2026-01-01",
        "valid_from = 2026-01-01T00:00:00",
        ["site.toml:18: valid_from 2026-01-01 00:00:00 has no time zone, so nobody knows when it is; write 2026-01-01"],
    ),
    (
        "site.toml",
        '"Mon-Fri"',
        '"Mon-Thu"',
        ["site.toml:22: tariff has no price at 00:00 on Fridays; let its periods cover every hour of the week once"],
    ),
    (
        "site.toml",
        '"Sat Sun"',
        '"Fri Sat Sun"',
        ["site.toml:22: tariff has 2 prices at 00:00 on Fridays; let its periods cover every hour of the week once"],
    ),
    (
        "site.toml",
        "[0.3, 0.3,",
        "[0.3,",
        ["site.toml:37: grid_kg_per_kwh must hold 24 numbers from 0 to 2; write one an hour, midnight first"],
    ),
    (
        "site.toml",
        "format = 1",
        "format = 2",
        ["site.toml:1: was written for format 2, this program knows up to 1; update the program"],
    ),
    # site.toml: the grid tree
    (
        "site.toml",
        'F2 = { kind = "feeder", parent = "ROOT"',
        'F2 = { kind = "feeder", parent = "ROT"',
        ["site.toml:14: node ROT is not known; did you mean ROOT?"],
    ),
    (
        "site.toml",
        'F1 = { kind = "feeder", parent = "ROOT"',
        'F1 = { kind = "feeder", parent = "E01"',
        ["site.toml:13: the grid tree runs in a circle: F1 -> E01 -> F1; give one of them another parent"],
    ),
    (
        "site.toml",
        'F2 = { kind = "feeder", parent = "ROOT"',
        'F2 = { kind = "feeder"',
        ["site.toml:14: node F2 has no parent, and ROOT is already the connection; give F2 a parent"],
    ),
    (
        "site.toml",
        "limit_kw = 300",
        "limit_kw = 300, import_min_kw = 350",
        ["site.toml:14: node F2 must import 350 kW but may only import 300 kW; raise limit_kw or lower import_min_kw"],
    ),
    (
        "site.toml",
        "limit_kw = 300",
        "limit_kw = 1",
        [
            (
                "site.toml:14: limit of node F2 is 1 kW, below the 1.344 kW its children need at least; "
                "raise limit_kw to 2 or more, or lower theirs"
            )
        ],
    ),
    (
        "site.toml",
        "M1/power_kw",
        "M1/powr_kw",
        [
            (
                "site.toml:12: M1/powr_kw is a point nobody reads: profile sunspec_203 has no powr_kw; "
                "did you mean M1/power_kw?"
            )
        ],
    ),
    (
        "site.toml",
        "M1/power_kw",
        "M1/frequency_hz",
        ["site.toml:12: meter M1/frequency_hz of node ROOT is no power in kW; name its power_kw"],
    ),
    # links and devices
    (
        "links.csv",
        "rtu+tcp://",
        "rtutcp://",
        ["links.csv:3: url rtutcp://10.0.0.2:4001 has no known kind of link; did you mean rtu+tcp?"],
    ),
    (
        "links.csv",
        "10.0.0.1:502",
        "10.0.0.1:70000",
        ["links.csv:2: url tcp://10.0.0.1:70000 has no port from 1 to 65535; write it as tcp://10.20.4.11:502"],
    ),
    (
        "links.csv",
        "rtu+tcp://10.0.0.2:4001",
        "tcp://10.0.0.1:502",
        ["links.csv:3: link rtu-1 has the url of gw-1 (line 2); put their devices on one link"],
    ),
    (
        "devices.csv",
        "eastron_sdm630",
        "eastron_sdm360",
        ["devices.csv:3: profile eastron_sdm360 is not known; did you mean eastron_sdm630?"],
    ),
    ("devices.csv", "gw-1,21", "gw1,21", ["devices.csv:6: link gw1 is not known; did you mean gw-1?"]),
    (
        "devices.csv",
        "alfen_ng9,5,F2",
        "alfen_ng9,5,F9",
        ["devices.csv:6: node F9 is not known; add it, or name a node of this site"],
    ),
    ("devices.csv", "buildings", "bildings", ["devices.csv:3: area bildings is not known; did you mean buildings?"]),
    (
        "devices.csv",
        "gw-1,12",
        "gw-1,11",
        ["devices.csv:5: device E01.2 has unit 11 on link gw-1, where E01.1 answers (line 4); give it another unit"],
    ),
    (
        "devices.csv",
        "W1,Water meter",
        "M2,Water meter",
        [
            "devices.csv:10: device M2 is there twice (line 3); rename or remove one",
            "water.csv:2: device W1 is not known; add it, or name a device of this site",
        ],
    ),
    (
        "devices.csv",
        "5,F1,60",
        "5,F1,60 kW",
        ["devices.csv:3: rated_kw '60 kW' is not a number; write the bare number in kw"],
    ),
    ("devices.csv", "5,F1,60", "5,F1,NaN", ["devices.csv:3: rated_kw is NaN; write a finite number"]),
    (
        "devices.csv",
        "5,F1,60",
        '5,F1,"60,5"',
        ["devices.csv:3: rated_kw '60,5' is not a number; write 60.5 with a point"],
    ),
    ("devices.csv", "rtu-1,3,", "rtu-1,256,", ["devices.csv:10: unit is 256; it must lie between 0 and 255"]),
    ("devices.csv", "rtu-1,3,", "rtu-1,3.5,", ["devices.csv:10: unit must be a whole number, not 3.5; round it"]),
    (
        "devices.csv",
        ",5,F2,22",
        ",5,,22",
        ["chargers.csv:2: device CP1 has no grid node; fill in node for CP1 in devices.csv"],
    ),
    (
        "devices.csv",
        "unit,profile",
        "unit,profle",
        ["devices.csv:1: column profle is not known; did you mean profile?"],
    ),
    ("devices.csv", ",rated_kw\n", ",rated_mw\n", ["devices.csv:1: column rated_mw is not known; give it as rated_kw"]),
    (
        "devices.csv",
        "M1,Main meter,grid",
        "M1,Main meter, hall 2,grid",
        ['devices.csv:2: has 10 cells, the header has 9; put text that holds a comma in "quotes"'],
    ),
    # points
    (
        "points.csv",
        "M2/power_kw,Workshop",
        "M2/energy_import,Workshop",
        [
            (
                "points.csv:2: M2/energy_import is a point nobody reads: profile eastron_sdm630 has no energy_import; "
                "did you mean M2/energy_import_kwh?"
            )
        ],
    ),
    (
        "points.csv",
        "Workshop power,,",
        "Workshop power,W,",
        ["points.csv:2: M2/power_kw is in kW, not in W; write kW or leave it empty"],
    ),
    (
        "points.csv",
        "+ M2/power_kw",
        "+ M3/power_kw",
        ["points.csv:4: M3/power_kw is a point nobody reads: there is no device M3; name a device of this site"],
    ),
    (
        "points.csv",
        "+ M2/power_kw",
        "+ M2/energy_import_kwh",
        [
            (
                "points.csv:4: M2/energy_import_kwh in kWh cannot go together with area.port/power_kw in kW; "
                "bring both to one unit"
            )
        ],
    ),
    (
        "points.csv",
        "site/net_kw,Net,kW,",
        "site/net_kw,Net,kWh,",
        ["points.csv:4: site/net_kw is in kWh but its formula gives kW; bring both to one unit"],
    ),
    (
        "points.csv",
        ",-60,60,40",
        ",-60,60,2",
        ["points.csv:2: stale_after_s 2 is shorter than M2 is read (every 5 s); give it two or three readings' time"],
    ),
    (
        "points.csv",
        "+ port:*/power_kw",
        "+ heat:*/power_kw",
        [
            (
                "points.csv:3: formula takes heat:*/power_kw, which is a point nobody reads; "
                "name an area, a pattern and a quantity that fit"
            )
        ],
    ),
    (
        "points.csv",
        "+ M2/power_kw - ",
        "+ M2/power_kw ",
        [
            (
                "points.csv:4: formula cannot be read at '0.5'; "
                "write points with operators between spaces: M1/power_kw - M2/power_kw"
            )
        ],
    ),
    (
        "points.csv",
        "site/net_kw",
        "E01/power_kw",
        ["points.csv:4: E01/power_kw is made for every station already; remove this line"],
    ),
    # fleets
    ("stations.csv", "E01,E,", "E01,D,", ["stations.csv:2: quay D is not known; add it, or name a quay of this site"]),
    (
        "access_points.csv",
        "E01.2,E01,",
        "E01.2,E10,",
        [
            "access_points.csv:3: station E10 is not known; did you mean E01?",
            "calls.csv:3: access point E01.2 belongs to station E10, not E01; mend one",
        ],
    ),
    (
        "access_points.csv",
        "E01.2,E01,E01.2",
        "E01.2,E01,E01.1",
        [
            (
                "access_points.csv:3: device E01.1 already speaks for access point E01.1; "
                "give access point E01.2 a device of its own"
            )
        ],
    ),
    (
        "calls.csv",
        "E01.1 E01.2",
        "E01.1 E01.3",
        ["calls.csv:3: access point E01.3 is not known; did you mean E01.2?"],
    ),
    (
        "calls.csv",
        "Tue Thu",
        "Mon Thu",
        [
            (
                "calls.csv:3: C2 takes access point E01.1 on Mon 07:00, where C1 (line 2) still is or just left; "
                "leave half an hour between them"
            )
        ],
    ),
    (
        "calls.csv",
        "Tue Thu",
        "Die Do",
        ["calls.csv:3: days 'Die Do' names no days; write daily, Mon-Fri or Mon Wed Sun"],
    ),
    (
        "calls.csv",
        "06:30",
        "26:30",
        ["calls.csv:2: arrives '26:30' is not a time of day; write it as HH:MM, from 00:00 to 23:59"],
    ),
    (
        "calls.csv",
        "12,180,2,,",
        "12,180,2,2026-10-25T02:30,",
        [
            (
                "calls.csv:2: starts 2026-10-25T02:30 has no time zone, so nobody knows when it is; "
                "write its offset, as in 2026-10-25T02:30+01:00"
            )
        ],
    ),
    ("calls.csv", "12,180", "0,180", ["calls.csv:2: stays_h is 0; it must lie between 0.25 and 168"]),
    (
        "sessions.csv",
        "V1,CP1",
        "V1,CP2",
        ["sessions.csv:2: charger CP2 is not known; did you mean CP1?"],
    ),
    (
        "sessions.csv",
        "21:00,8",
        "21:00,11.5",
        [
            (
                "sessions.csv:2: V1 takes charger CP1 on Tue 08:30, where V2 (line 3) still is or just left; "
                "leave half an hour between them"
            )
        ],
    ),
    ("sessions.csv", "90,yes", "90,y", ["sessions.csv:3: required y is not known; use one of yes, no"]),
    (
        "chargers.csv",
        "22,4.1",
        "22,41",
        ["chargers.csv:2: min_kw 41 is above max_kw 22; lower min_kw"],
    ),
    (
        "chargers.csv",
        "Charger 1,CP1",
        "Charger 1,L1",
        [
            "chargers.csv:2: device L1 of profile lighting_cabinet has no limit_a or limit_kw; name another device",
            "lighting.csv:2: device L1 already speaks for charger CP1; give lighting group L1 a device of its own",
        ],
    ),
    (
        "lighting.csv",
        "0 0, 100 20, 220 30",
        "0 0, 100",
        ["lighting.csv:2: streets hold '0 0, 100', which is no line; write corners in metres: 0 0, 120 40"],
    ),
    (
        "lighting.csv",
        "M4",
        "M7",
        ["lighting.csv:2: road_class M7 is not known; use M1 to M6, C0 to C5 or P1 to P6"],
    ),
    ("heat.csv", "S1.m", "S1", ["heat.csv:2: device S1 is not known; did you mean S1.m?"]),
    (
        "plants.csv",
        ",solar,",
        ",sun,",
        ["plants.csv:2: kind sun is not known; use one of solar, wind"],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), PLANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_a_planted_fault_is_told_with_place_and_remedy(tmp_path, file, old, new, expected):
    assert faults_after(tmp_path, file, old, new) == expected


def test_the_sound_site_has_no_fault(tmp_path):
    assert faults_of(write_site(tmp_path)) == []
    assert len(FILES) == 15
