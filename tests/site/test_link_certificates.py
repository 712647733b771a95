"""Certificates of a site's links: what `check` says of them, who they stop, and how they are made and played."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from energy_console.app import certificates as command
from energy_console.app import main
from energy_console.site.loader import load_site
from hardware.link_address import address_of
from hardware.virtual.certificates import make_authority, make_certificates, sign_client
from tests.site.folder import FILES, faults_after, write_site

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
URL = "tls://10.0.0.1:802?ca=pki/ca.pem&cert=pki/operator.pem&key=pki/operator.key"
SECURE = FILES | {"links.csv": f"link,url\ngw-1,{URL}\nrtu-1,rtu+tcp://10.0.0.2:4001\n"}


@pytest.fixture
def site(tmp_path):
    write_site(tmp_path, SECURE)
    make_certificates(tmp_path / "pki", NOW, NOW + DAY)
    return tmp_path


def checked(folder, capsys):
    code = main(["check", str(folder)])
    return code, capsys.readouterr().out.splitlines()


def test_a_site_with_sound_certificates_is_fine(site, capsys):
    assert checked(site, capsys)[0] == 0


def test_check_tells_every_file_that_cannot_be_used_by_the_line_of_its_link(site, capsys):
    (site / "pki" / "ca.pem").write_text("rubbish")
    (site / "pki" / "operator.key").unlink()
    code, told = checked(site, capsys)
    assert code == 2
    assert told == [
        "links.csv:2: link gw-1: the CA file pki/ca.pem holds no certificate; give a PEM file (BEGIN CERTIFICATE)",
        (
            "links.csv:2: link gw-1: the key pki/operator.key cannot be read (No such file or directory); "
            "put it there, or name another"
        ),
    ]


def test_an_expired_certificate_is_told_by_check_and_stops_only_its_own_link(site, capsys):
    old = sign_client(make_authority("Bench", NOW - 9 * DAY, NOW), "old", "Operator", NOW - 9 * DAY, NOW - DAY)
    (site / "pki" / "operator.pem").write_bytes(old.certificate)
    (site / "pki" / "operator.key").write_bytes(old.key)
    code, told = checked(site, capsys)
    assert code == 2
    ended = f"{NOW - DAY:%Y-%m-%d %H:%M}"
    assert told == [
        f"links.csv:2: link gw-1: our certificate pki/operator.pem has expired ({ended} UTC); have it renewed"
    ]
    assert len(load_site(site).links) == 2  # the console starts on it, and reads the other link


def test_probe_tells_a_certificate_that_cannot_be_used_before_it_asks_anybody(site, capsys):
    (site / "pki" / "operator.key").unlink()
    link = f"tls://127.0.0.1:1?ca={site}/pki/ca.pem&cert={site}/pki/operator.pem&key={site}/pki/operator.key"
    assert main(["probe", link, "--unit", "1", "--raw", "holding:0:1"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "operator.key cannot be read (No such file or directory); put it there, or name another." in told.err


def test_faults_of_certificates_come_with_all_others(site, capsys):
    (site / "pki" / "operator.key").unlink()
    (site / "loads.csv").write_text(FILES["loads.csv"].replace("120000", "much"))
    _, told = checked(site, capsys)
    assert [line.partition(":")[0] for line in told] == ["links.csv", "loads.csv"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("tls://10.0.0.1:802", "does not name both the device's authority and our certificate"),
        ("tls://10.0.0.1:802?ca=pki/ca.pem", "does not name both the device's authority and our certificate"),
        ("tls://10.0.0.1:802?ca=pki/ca.pem&crt=x.pem", "option crt is not known for tls; known: ca, cert, host, key"),
        ("udp://10.0.0.1:502?baud=9600", "option baud is not known for udp; known: none"),
        ("serial:///dev/ttyS0?parity=X", "parity N, E or O"),
        ("serial://", "names no serial port"),
        ("udp://:502", "names no host"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_fault_of_its_line(tmp_path, url, told):
    faults = faults_after(tmp_path, "links.csv", "tcp://10.0.0.1:502", url)
    assert len(faults) == 1, faults
    assert faults[0].startswith("links.csv:2: ")
    assert told in faults[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("serial:///dev/ttyS3?baud=9600", "serial:///dev/ttyS3?baud=19200"),
        ("tcp://gw.example:502", "rtu+tcp://GW.example:502"),
        (URL, "tls://10.0.0.1:802?ca=pki/ca.pem&cert=pki/monitor.pem"),
    ],
)
def test_two_links_to_one_place_are_told_whatever_their_options(tmp_path, first, second):
    links = f"link,url\ngw-1,{first}\nrtu-1,{second}\n"
    faults = faults_after(tmp_path, "links.csv", FILES["links.csv"], links)
    assert faults == ["links.csv:3: link rtu-1 has the url of gw-1 (line 2); put their devices on one link"]


def test_tcp_and_udp_on_one_port_are_two_links(tmp_path):
    links = "link,url\ngw-1,tcp://10.0.0.1:502\nrtu-1,udp://10.0.0.1:502\n"
    assert faults_after(tmp_path, "links.csv", FILES["links.csv"], links) == []


def test_on_loopback_a_tls_link_keeps_its_test_certificates_and_forgets_the_devices_name(site):
    loaded = load_site(site)
    named = replace(loaded, links=(replace(loaded.links[0], url=f"{URL}&host=gw.example"), *loaded.links[1:]))
    address = address_of(named.on_loopback(16_000, "elsewhere").links[0])
    assert (address.kind, address.host, address.port, address.host_name) == ("tls", "127.0.0.1", 16_000, "")
    assert Path(address.cert_file) == site / "pki" / "operator.pem"
    assert not named.needs_test_certificates


def test_on_loopback_real_certificates_give_way_to_test_certificates(site, tmp_path, monkeypatch):
    (site / "pki" / "device.pem").unlink()  # then nothing says that these are test certificates
    loaded = load_site(site)
    assert loaded.needs_test_certificates
    monkeypatch.setattr(command.platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    folder = command.loopback_certificates(loaded)
    before = (Path(folder) / "ca.pem").read_bytes()
    assert command.loopback_certificates(loaded) == folder
    assert (Path(folder) / "ca.pem").read_bytes() == before
    address = address_of(loaded.on_loopback(16_000, folder).links[0])
    assert Path(address.ca_file) == Path(folder) / "ca.pem"
    assert Path(address.cert_file).exists()


def test_the_command_writes_a_device_an_operator_and_a_monitor_once(tmp_path, capsys):
    assert main(["certificates", str(tmp_path / "pki"), "--json"]) == 0
    names = json.loads(capsys.readouterr().out)["files"]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "pki").iterdir())
    assert {"ca.pem", "device.key", "operator.key", "monitor.key"} <= set(names)
    assert "ca.key" not in names
    assert main(["certificates", str(tmp_path / "pki")]) == 1
    assert "holds ca.pem already; name another folder" in capsys.readouterr().err
    assert main(["certificates", str(tmp_path / "other"), "--days", "0"]) == 2
    assert not (tmp_path / "other").exists()


def test_check_of_a_site_without_tls_loads_no_library_of_certificates_or_of_the_wire(tmp_path):
    write_site(tmp_path)
    code = (
        "import sys; from energy_console.app import main; main(['check', sys.argv[1]]);"
        "print([name for name in ('cryptography', 'pymodbus') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
