"""A small sound site folder as text, to plant faults in."""

from __future__ import annotations

from pathlib import Path

from energy_console.site.faults import SiteFaults
from energy_console.site.loader import load_site

SITE = """\
format = 1
id = "quay"
name = "Small quay"

[place]
name = "Somewhere"
latitude_deg = 51.9
longitude_deg = 4.3
zone = "Europe/Amsterdam"

[grid]
ROOT = { kind = "connection", limit_kw = 900, meter = "M1/power_kw" }
F1 = { kind = "feeder", parent = "ROOT", limit_kw = 400 }
F2 = { kind = "feeder", parent = "ROOT", limit_kw = 300 }

[[tariff]]
name = "Flat"
valid_from = 2026-01-01
peak_eur_per_kw = 4
contracted_kw = 900

[[tariff.period]]
days = "Mon-Fri"
from = "00:00"
to = "24:00"
import_eur_per_kwh = 0.2
export_eur_per_kwh = 0.1

[[tariff.period]]
days = "Sat Sun"
from = "00:00"
to = "24:00"
import_eur_per_kwh = 0.1
export_eur_per_kwh = 0.05

[carbon]
grid_kg_per_kwh = [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3,
                   0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
"""

FILES = {
    "site.toml": SITE,
    "links.csv": "link,url\ngw-1,tcp://10.0.0.1:502\nrtu-1,rtu+tcp://10.0.0.2:4001\n",
    "devices.csv": """\
device,name,area,link,unit,profile,every_s,node,rated_kw
M1,Main meter,grid,gw-1,1,sunspec_203,5,ROOT,900
M2,Workshop,buildings,rtu-1,1,eastron_sdm630,5,F1,60
E01.1,Shore power E01.1,port,gw-1,11,ops_80005_2,2,E01,276
E01.2,Shore power E01.2,port,gw-1,12,ops_80005_2,2,E01,276
CP1,Charger 1,charging,gw-1,21,alfen_ng9,5,F2,22
L1,Cabinet 1,lighting,gw-1,31,lighting_cabinet,10,F2,5
PV1,Roof,solar,gw-1,41,sunspec_103,5,F1,50
S1.m,Heat meter,heat,rtu-1,2,kamstrup_multical,30,,
W1,Water meter,water,rtu-1,3,water_meter,60,,
""",
    "points.csv": """\
point,name,unit,formula,low,high,stale_after_s
M2/power_kw,Workshop power,,,-60,60,40
area.port/power_kw,Shore power,kW,+ port:*/power_kw,,,
site/net_kw,Net,kW,+ area.port/power_kw + M2/power_kw - 0.5 * PV1/generation_kw,,,
""",
    "quays.csv": "quay,name,kind,length_m,basin,water,order\nE,East quay,river cruise,400,Basin 1,below,0\n",
    "stations.csv": "station,quay,position_m,node,limit_kw\nE01,E,60,F1,500\n",
    "access_points.csv": """\
access_point,station,device,rated_kw,voltage_v,frequency_hz,plug,high_voltage
E01.1,E01,E01.1,276,400,50,Powerlock 400 A,no
E01.2,E01,E01.2,276,400,50,Powerlock 400 A,no
""",
    "calls.csv": """\
call,ship,kind,length_m,station,access_points,days,arrives,stays_h,hotel_kw,engine_tier,starts,ends
C1,Avondzon,river cruise,110,E01,E01.1,Mon,06:30,12,180,2,,
C2,Merwe Melodie,river cruise,135,E01,E01.1 E01.2,Tue Thu,07:00,10,240,3,,
""",
    "lighting.csv": """\
group,name,device,road_class,lamps,lamp_w,streets
L1,Harbour road,L1,M4,40,84,"0 0, 100 20, 220 30 | 100 20, 110 140"
""",
    "chargers.csv": "charger,name,device,kind,max_kw,min_kw,phases\nCP1,Charger 1,CP1,car,22,4.1,3\n",
    "sessions.csv": """\
session,charger,vehicle,days,arrives,stays_h,energy_kwh,required
V1,CP1,K-123-AB,Mon-Fri,08:30,8,30,no
V2,CP1,Bus 4,daily,21:00,8,90,yes
""",
    "heat.csv": "substation,name,kind,meter,design_kw\nS1,Flats,flats,S1.m,120\n",
    "loads.csv": "load,name,device,kind,yearly_kwh\nM2,Workshop,M2,workshop,120000\n",
    "plants.csv": "plant,name,device,kind,rated_kw\nPV1,Roof,PV1,solar,50\n",
    "water.csv": "zone,name,meter,kind\nZ1,Works,W1,works\n",
}


def write_site(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (files or FILES).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


def faults_after(folder: Path, file: str, old: str, new: str) -> list[str]:
    """The faults, as sentences, of the sound site with one piece of one file replaced."""
    assert old in FILES[file], f"{old!r} is not in {file}"
    write_site(folder, FILES | {file: FILES[file].replace(old, new, 1)})
    return faults_of(folder)


def faults_of(folder: Path) -> list[str]:
    try:
        load_site(folder)
    except SiteFaults as bad:
        return [str(fault) for fault in bad.faults]
    return []
