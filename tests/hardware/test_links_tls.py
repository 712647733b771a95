"""Modbus/TCP Security: both sides verified, roles enforced, and every certificate that is wrong told in a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
import socket
import ssl
import struct
import threading
import warnings
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.link_address import address_of, parse_link
from hardware.modbus import Connection, Decoder, DeviceLine, FieldError
from hardware.modbus.tls import role_of
from hardware.points import Reason, reason_of
from hardware.profiles import Table, profile
from hardware.scanner import Scanner
from hardware.virtual.certificates import (
    LOOPBACK,
    as_pem,
    make_authority,
    make_certificates,
    sign_client,
    sign_device,
)
from hardware.virtual.listeners import CannotServe
from tests.hardware.scripted import counting, tcp
from tests.hardware.scripted import serving as scripted
from tests.virtual.sites import spec
from tests.virtual.wire import serving

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
OPERATOR = {"ca": "ca.pem", "cert": "operator.pem", "key": "operator.key"}
MONITOR = {"ca": "ca.pem", "cert": "monitor.pem", "key": "monitor.key"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Test certificates as the command makes them, and beside them every wrong one."""
    made = tmp_path_factory.mktemp("site") / "certificates"
    make_certificates(made, NOW, NOW + DAY)
    stranger = make_authority("Stranger", NOW, NOW + DAY)
    mine = make_authority("Bench authority", NOW - 9 * DAY, NOW + DAY)
    (made / "strange-ca.pem").write_bytes(as_pem(stranger.certificate))
    (made / "my-ca.pem").write_bytes(as_pem(mine.certificate))
    pairs = {
        "strange": sign_client(stranger, "strange", "Operator", NOW, NOW + DAY),
        "expired": sign_client(mine, "expired", "Operator", NOW - 9 * DAY, NOW - DAY),
        "early": sign_client(mine, "early", "Operator", NOW + DAY, NOW + 2 * DAY),
        "no-role": sign_client(mine, "no-role", None, NOW, NOW + DAY),
        "odd-role": sign_client(mine, "odd-role", "Janitor", NOW, NOW + DAY),
        "mine": sign_client(mine, "mine", "Operator", NOW, NOW + DAY),
        "expired-device": sign_device(mine, LOOPBACK, NOW - 9 * DAY, NOW - DAY),
        "elsewhere": sign_device(mine, ["substation-7.example"], NOW, NOW + DAY),
        "device-of-mine": sign_device(mine, LOOPBACK, NOW, NOW + DAY),
    }
    for name, pair in pairs.items():
        (made / f"{name}.pem").write_bytes(pair.certificate)
        (made / f"{name}.key").write_bytes(pair.key)
    (made / "rubbish.pem").write_text("no certificate at all\n")
    return made


def link(folder, port, files, **more):
    return LinkSpec(
        "secure", f"tls://127.0.0.1:{port}?{urlencode({**files, **more}, quote_via=quote)}", 5.0, folder=str(folder)
    )


def virtual(folder, devices=None, files=OPERATOR):
    """A virtual site with one tls link on a free port."""
    played = spec(devices or {"C": "lighting_cabinet"})
    field = FieldSpec((link(folder, 0, files),), tuple(
        DeviceSpec(device.id, "secure", device.unit, device.profile) for device in played.field.devices
    ))  # fmt: skip
    return serving(spec(devices or {"C": "lighting_cabinet"}, field=field))


def context_showing(folder, name, ca):
    """A device's context: it shows this certificate and asks for one signed by `ca`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    context.load_verify_locations(folder / ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextlib.asynccontextmanager
async def device_showing(folder, name, ca):
    """A scripted device over TLS. asyncio hangs up on a certificate it does not take without saying why."""
    context = context_showing(folder, name, ca)
    async with scripted(lambda request: [tcp(request, counting(request))], ssl=context) as server:
        yield server


@contextlib.contextmanager
def device_that_says_why(folder, name, ca):
    """A device that sends the alert of TLS before it hangs up, as most do; yields its port. It answers nothing."""
    context = context_showing(folder, name, ca)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(1000)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


async def asked(spec_of_link, read=(10, 2)):
    connection = Connection(address_of(spec_of_link), 5.0)
    try:
        payload = await connection.read(1, Table.HOLDING, *read)
        return list(struct.unpack(f">{len(payload) // 2}H", payload))
    finally:
        connection.close()


async def refused(spec_of_link):
    with pytest.raises(FieldError) as caught:
        await asked(spec_of_link)
    assert caught.value.reason is Reason.REFUSED, caught.value.text
    return caught.value.text


def test_virtual_devices_are_read_over_tls_by_the_scanner(folder):
    async def main():
        async with virtual(folder) as served:
            port = served.ports["secure"]
            assert served.site.lines[0].url == f"tls://127.0.0.1:{port}"
            batches = []
            field = FieldSpec(
                (link(folder, port, MONITOR),), (DeviceSpec("C", "secure", 1, "lighting_cabinet", 0.2),)
            )  # fmt: skip
            scanner = Scanner(field, batches.append, tick_s=0.05)
            running = asyncio.create_task(scanner.run())
            async with asyncio.timeout(30):
                while not batches:
                    await asyncio.sleep(0.02)
            scanner.stop()
            await running
            assert Reason.GOOD in {reason_of(status) for status in batches[0].status}
            assert scanner.stats().answering == 1

    asyncio.run(main())


def test_an_operator_writes_and_a_monitor_only_reads(folder):
    async def set_level(files, port):
        connection = Connection(address_of(link(folder, port, files)), 5.0)
        cabinet = profile("lighting_cabinet")
        line = DeviceLine(connection, Decoder(cabinet), 1)
        try:
            await line.read_point(cabinet.point("level_command"))
            await line.write_point(cabinet.point("level_command"), 0.5)
        finally:
            connection.close()

    async def main():
        async with virtual(folder) as served:
            port = served.ports["secure"]
            await set_level(OPERATOR, port)
            with pytest.raises(FieldError) as caught:
                await set_level(MONITOR, port)
            assert (caught.value.reason, caught.value.detail) == (Reason.EXCEPTION, 1)
            assert caught.value.text == (
                "answered with exception 1 (function not allowed at all, or not to the role Monitor (monitor.pem))"
            )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "says"), [("no-role", "a certificate without a role (no-role.pem)"), ("odd-role", "the role Janitor")]
)
def test_without_a_role_that_the_device_knows_nothing_is_allowed(folder, name, says):
    # The virtual device trusts the authority `mine` here, which signed the clients of odd roles.
    async def main():
        bench = folder.parent / f"bench-{name}"
        bench.mkdir()
        for source, target in (("my-ca.pem", "ca.pem"), ("device-of-mine.pem", "device.pem"),
                               ("device-of-mine.key", "device.key")):  # fmt: skip
            (bench / target).write_bytes((folder / source).read_bytes())
        async with virtual(bench) as served:
            files = {"ca": "my-ca.pem", "cert": f"{name}.pem", "key": f"{name}.key"}
            with pytest.raises(FieldError) as caught:
                await asked(link(folder, served.ports["secure"], files))
            assert (caught.value.reason, caught.value.detail) == (Reason.EXCEPTION, 1)
            assert says in caught.value.text

    asyncio.run(main())


def test_the_role_is_read_from_the_extension_of_the_certificate(folder):
    def role(name):
        return role_of(ssl.PEM_cert_to_DER_cert((folder / f"{name}.pem").read_text()))

    assert [role(name) for name in ("operator", "monitor", "odd-role", "no-role", "device")] == [
        "Operator", "Monitor", "Janitor", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "files", "says"),
    [
        ("expired-device", {"ca": "my-ca.pem"}, "the device's certificate has expired"),
        ("elsewhere", {"ca": "my-ca.pem"}, "the device's certificate is for another host than 127.0.0.1"),
        ("device-of-mine", {"ca": "strange-ca.pem"}, "is not signed by an authority in strange-ca.pem"),
        ("device-of-mine", {"ca": "my-ca.pem", "cert": "strange.pem", "key": "strange.key"},
         "the device does not know the authority that signed our certificate strange.pem"),
        ("device-of-mine", {"ca": "my-ca.pem", "cert": "", "key": ""}, "asks for our certificate"),
    ],
)  # fmt: skip
def test_a_certificate_that_the_other_side_does_not_take_is_one_clear_sentence(folder, shown, files, says):
    wanted = {"cert": "mine.pem", "key": "mine.key", **files}
    with device_that_says_why(folder, shown, "my-ca.pem") as port:
        assert says in asyncio.run(refused(link(folder, port, {k: v for k, v in wanted.items() if v})))


def test_a_device_that_hangs_up_without_a_word_is_told_as_what_it_seems(folder):
    async def main():
        async with device_showing(folder, "device-of-mine", "my-ca.pem") as server:
            files = {"ca": "my-ca.pem", "cert": "strange.pem", "key": "strange.key"}
            says = await refused(link(folder, server.port, files))
            assert says == "the device hung up as soon as TLS was open; it seems to refuse our certificate strange.pem"
            assert not server.requests

    asyncio.run(main())


def test_a_device_that_answers_under_another_name_is_read_by_the_name_the_link_gives(folder):
    async def main():
        async with device_showing(folder, "elsewhere", "my-ca.pem") as server:
            files = {"ca": "my-ca.pem", "cert": "mine.pem", "key": "mine.key"}
            assert await asked(link(folder, server.port, files, host="substation-7.example")) == [10, 11]
            assert "another host than other.example" in await refused(
                link(folder, server.port, files, host="other.example")
            )

    asyncio.run(main())


def test_a_refused_certificate_is_asked_again_ever_more_rarely(folder):
    """TLS 1.3 is open on our side before the device has looked at our certificate; that is no success."""

    async def main():
        async with device_showing(folder, "device-of-mine", "my-ca.pem") as server:
            files = {"ca": "my-ca.pem", "cert": "strange.pem", "key": "strange.key"}
            connection = Connection(address_of(link(folder, server.port, files)), 5.0)
            rests = []
            for _ in range(2):
                with pytest.raises(FieldError, match="seems to refuse our certificate"):
                    await connection.read(1, Table.HOLDING, 0, 1)
                rests.append(connection.resting_s)
                await asyncio.sleep(connection.resting_s + 0.01)
            assert rests[1] > rests[0] > 0

    asyncio.run(main())


def test_what_does_not_speak_tls_is_told_as_that(folder):
    async def main():
        async with scripted(lambda request: [b"\x15" * 40]) as server:
            raw = await asyncio.start_server(lambda r, w: w.write(b"no TLS here\r\n" * 3), "127.0.0.1", 0)
            port = raw.sockets[0].getsockname()[1]
            assert "does not speak TLS" in await refused(link(folder, port, OPERATOR))
            raw.close()
            assert not server.requests

    asyncio.run(main())


def test_nothing_older_than_tls_1_2_is_spoken(folder):
    async def main():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "device.pem", folder / "device.key")
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        async with scripted(lambda request: [], ssl=context) as server:
            assert "1.2" in await refused(link(folder, server.port, OPERATOR))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"cert": "expired.pem", "key": "expired.key"}, "our certificate .*expired.pem has expired .* have it renewed"),
        ({"cert": "early.pem", "key": "early.key"}, "early.pem is not valid before .* look at the clock"),
        ({"cert": "gone.pem"}, "our certificate .*gone.pem cannot be read"),
        ({"key": "gone.key"}, "the key .*gone.key cannot be read"),
        ({"key": "monitor.key"}, "the key .*monitor.key does not belong to our certificate .*operator.pem"),
        ({"key": "rubbish.pem"}, "the key .*rubbish.pem cannot be used"),
        ({"ca": "rubbish.pem"}, "the CA file .*rubbish.pem holds no certificate"),
        ({"ca": "gone.pem"}, "the CA file .*gone.pem cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_told_without_asking_the_device(folder, files, says):
    async def main():
        with pytest.raises(FieldError, match=says) as caught:
            await asked(link(folder, 1, {**OPERATOR, **files}))
        assert caught.value.reason is Reason.REFUSED
        assert "PRIVATE KEY-----" not in caught.value.text

    asyncio.run(main())


def test_a_key_with_a_password_is_told_and_nobody_is_asked_for_it(folder):
    from cryptography.hazmat.primitives import serialization as pem

    key = pem.load_pem_private_key((folder / "operator.key").read_bytes(), None)
    locked = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"secret"))
    (folder / "locked.key").write_bytes(locked)
    with pytest.raises(FieldError, match=r"locked\.key needs a password"):
        asyncio.run(asked(link(folder, 1, {**OPERATOR, "key": "locked.key"})))


def test_a_renewed_certificate_is_taken_without_a_restart(folder):
    async def main():
        async with device_showing(folder, "device-of-mine", "my-ca.pem") as server:
            for suffix in (".pem", ".key"):
                (folder / f"renewed{suffix}").write_bytes((folder / f"expired{suffix}").read_bytes())
            files = {"ca": "my-ca.pem", "cert": "renewed.pem", "key": "renewed.key"}
            connection = Connection(address_of(link(folder, server.port, files)), 5.0)
            with pytest.raises(FieldError, match="has expired"):
                await connection.read(1, Table.HOLDING, 10, 1)
            for suffix in (".pem", ".key"):
                (folder / f"renewed{suffix}").write_bytes((folder / f"mine{suffix}").read_bytes())
            await asyncio.sleep(connection.resting_s + 0.01)
            assert await connection.read(1, Table.HOLDING, 10, 1) == struct.pack(">H", 10)
            connection.close()

    asyncio.run(main())


def test_an_answer_split_over_records_at_every_byte_is_put_together(folder):
    def script(request):
        frame = tcp(request, counting(request))
        cut = 1 + request.number % (len(frame) - 1)
        return [frame[:cut], 0.002, frame[cut:]]

    async def main():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "device.pem", folder / "device.key")
        async with scripted(script, ssl=context) as server:
            connection = Connection(address_of(link(folder, server.port, OPERATOR)), 5.0)
            for number in range(14):
                payload = await connection.read(1, Table.HOLDING, 100 * number, 3)
                assert list(struct.unpack(">3H", payload)) == [100 * number + offset for offset in range(3)]
            connection.close()
            assert server.connections == 1

    asyncio.run(main())


def test_a_link_whose_test_certificates_are_not_there_serves_nothing_and_says_how_to_make_them(tmp_path):
    async def main():
        with pytest.raises(CannotServe, match=r"make test certificates with: main\.py certificates"):
            async with virtual(tmp_path):
                pass

    asyncio.run(main())


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of files are POSIX's")
def test_keys_are_readable_by_their_owner_alone(folder):
    assert {(folder / name).stat().st_mode & 0o777 for name in ("operator.key", "monitor.key", "device.key")} == {0o600}


def test_certificates_are_not_written_over(folder):
    before = (folder / "ca.pem").read_bytes()
    with pytest.raises(OSError, match=r"holds ca\.pem already"):
        make_certificates(folder, NOW, NOW + DAY)
    assert (folder / "ca.pem").read_bytes() == before


def test_a_lost_tls_link_is_logged_once_with_its_reason_and_without_any_key(folder, caplog):
    caplog.set_level(logging.DEBUG)

    async def main():
        field = FieldSpec(
            (link(folder, 1, {**OPERATOR, "cert": "expired.pem", "key": "expired.key"}),),
            tuple(DeviceSpec(f"C{unit}", "secure", unit, "lighting_cabinet", 0.1) for unit in (1, 2)),
        )
        scanner = Scanner(field, lambda batch: None, tick_s=0.05)
        running = asyncio.create_task(scanner.run())
        async with asyncio.timeout(30):
            while any(not scanner.lost_because(f"C{unit}") for unit in (1, 2)):
                await asyncio.sleep(0.02)
        scanner.stop()
        await running
        assert "expired.pem has expired" in scanner.lost_because("C1")

    asyncio.run(main())
    own = [record for record in caplog.records if record.name.startswith("hardware")]
    told = [record.getMessage() for record in own if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "Link secure: our certificate" in told[0]
    key = (folder / "expired.key").read_text().splitlines()[1]
    assert key not in caplog.text


def test_a_tls_link_is_read_with_its_options():
    address = parse_link("tls://meter.example?ca=c/ca.pem&cert=c/o.pem&key=c/o.key&host=gw", "/sites/one")
    assert (address.port, address.host_name) == (802, "gw")
    assert [os.path.normpath(file) for file in (address.ca_file, address.cert_file, address.key_file)] == [
        os.path.normpath(f"/sites/one/c/{name}") for name in ("ca.pem", "o.pem", "o.key")
    ]


def test_a_plus_and_a_space_in_the_name_of_a_folder_are_what_they_are():
    address = parse_link("tls://gw?ca=c++/ca.pem&cert=our%20files/o.pem", "/sites")
    assert Path(address.ca_file) == Path("/sites/c++/ca.pem")
    assert Path(address.cert_file) == Path("/sites/our files/o.pem")
