"""One connection to one bus or gateway: opens, asks, checks, closes; one request at a time."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Sequence
from typing import Any

from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest, WriteSingleCoilRequest
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from hardware.link_address import BadLink, LinkAddress
from hardware.modbus.answers import (
    Awaited,
    CheckedFramer,
    CheckedRtuFramer,
    CheckedSocketFramer,
    RawRead,
    awaited_answer,
    checking_decoder,
    wrong_size,
)
from hardware.modbus.clients import make_client, why_not_open
from hardware.modbus.datagrams import CheckedDatagramFramer
from hardware.modbus.errors import FieldError, exception_answer, wrong_answer
from hardware.modbus.identification import BadPage, IdentityPage, RawIdentity, page_of
from hardware.modbus.line_memory import Doubt, LineMemory
from hardware.modbus.pace import Begins, Pace
from hardware.modbus.serial_ports import CANNOT_OPEN
from hardware.modbus.tls import role_note
from hardware.points import Reason
from hardware.profiles import Table

_TRANSACTIONS = 65000  # pymodbus numbers from 1 to here
_STRIDE = 27_277  # from one number to the next; prime to their count, so that all come up before one comes again
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 2.0  # finding out costs nobody anything, and what comes back is to be read within seconds
_MOST_OPENED = 3  # connections in a row that speak before they are asked
_RECEIVE_BUFFER = 4096  # bytes; pymodbus throws a late answer and the right one away together at 264
_NO_REGISTER = -1  # where an identification begins, for the pace of reads
_FRAMERS: dict[str, type[CheckedSocketFramer] | type[CheckedRtuFramer]] = {
    "udp": CheckedDatagramFramer,
    "rtu+tcp": CheckedRtuFramer,
    "serial": CheckedRtuFramer,
}
_READS: dict[Table, type[ModbusPDU]] = {
    Table.COIL: ReadCoilsRequest,
    Table.DISCRETE: ReadDiscreteInputsRequest,
    Table.HOLDING: ReadHoldingRegistersRequest,
    Table.INPUT: ReadInputRegistersRequest,
}

# What fails is told once by whoever owns the device; pymodbus would tell it at every request.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


class Connection:
    """After a loss it is closed, and opened again by the next request once its rest is over.

    Several tasks may ask at once: requests go out one after the other, and a task that waits for the pace of its unit
    does not hold up the others.
    """

    def __init__(self, address: LinkAddress, timeout_s: float, pace: Pace | None = None) -> None:
        """`pace` is shared by all connections of a link; without one, the link asks for none."""
        self.address = address
        self.timeout_s = timeout_s
        self.pace = pace or Pace(address.is_rtu)
        self.answers = 0  # since it was opened
        self.opened_at = 0.0  # monotonic, the newest time
        self.broken_at = 0.0  # monotonic, the newest time the other side ended it
        self.patience_s: dict[int, float] = {}  # units that are not waited for as long as `timeout_s`, or longer
        self._wire = asyncio.Lock()
        self._client: ModbusBaseClient | None = None
        self._framer: CheckedFramer | None = None
        self._silence_s = max(self.pace.silence_s, address.frame_gap_s)
        self._quiet_until = 0.0  # monotonic: nothing is sent before
        self._memory = LineMemory(timeout_s, gateway=address.kind != "serial") if address.is_rtu else None
        self._asking = -1  # the unit of the newest request
        self._asked_at = 0.0  # monotonic: when it went out
        self._next_transaction = random.randrange(_TRANSACTIONS)
        self._retry_at = 0.0  # monotonic: no new attempt to connect before
        self._retry_s = FIRST_RETRY_S
        self._why_not = ""

    @property
    def is_open(self) -> bool:
        return self._client is not None and self._client.connected

    @property
    def resting_s(self) -> float:
        """How long no attempt to connect will be made; 0 where one may be made, or where it is connected."""
        return 0.0 if self.is_open else max(0.0, self._retry_at - time.monotonic())

    async def read(self, unit: int, table: Table, address: int, count: int, silence_s: float = 0.0) -> bytes:
        """`count` registers, two bytes each, high byte first (a coil or discrete input fills two bytes too).

        Raises FieldError: timeout, refused, dropped, exception answer, or an answer that does not fit the request.
        `silence_s`: rest before the next request to this unit, where its agreed pace does not ask for more.
        """
        self.pace.check_length(unit, table, count)
        request = _READS[table](address=address, count=count, dev_id=unit)
        payload = self._held(await self._ask(request, silence_s, (table, address)), awaited_answer(request))
        return _bits(payload, count) if table.is_bits else payload

    async def identify(self, unit: int, detail: int, first: int = 0, silence_s: float = 0.0) -> IdentityPage:
        """A page of the device identification (function 43/14), from object `first` on. Raises FieldError."""
        request = ReadDeviceInformationRequest(read_code=detail, object_id=first, dev_id=unit)
        answer = await self._ask(request, silence_s, (Table.HOLDING, _NO_REGISTER))
        if not isinstance(answer, RawIdentity):
            raise self._lied("answered function 43 with something else")
        try:
            return page_of(answer.payload, detail)
        except BadPage as error:
            raise self._lied(str(error)) from error

    async def write(
        self, unit: int, address: int, words: Sequence[int], single: bool = False, silence_s: float = 0.0
    ) -> None:
        """Writes holding registers: all at once (function 16), or one by one (function 06). Raises FieldError."""
        if single:
            for offset, word in enumerate(words):
                request = WriteSingleRegisterRequest(address=address + offset, registers=[word], dev_id=unit)
                answer = await self._ask(request, silence_s)
                self._check_echo(answer, address + offset, list(answer.registers) == [word])
            return
        many = WriteMultipleRegistersRequest(address=address, registers=list(words), dev_id=unit)
        answer = await self._ask(many, silence_s)
        self._check_echo(answer, address, answer.count == len(words))

    async def write_coil(self, unit: int, address: int, on: bool, silence_s: float = 0.0) -> None:
        """Writes one coil (function 05). Raises FieldError."""
        answer = await self._ask(WriteSingleCoilRequest(address=address, bits=[on], dev_id=unit), silence_s)
        self._check_echo(answer, address, list(answer.bits) == [on])

    def close(self) -> None:
        if self._client:
            self._client.close()
        self._client = self._framer = None

    # -- one request ------------------------------------------------------------------------------------------

    async def _ask(self, request: ModbusPDU, silence_s: float, begins: Begins | None = None) -> ModbusPDU:
        """`begins` is where a read begins, None for a write."""
        if silence_s:
            self.pace.keep_silence(request.dev_id, silence_s)
        unit = self.pace.of(request.dev_id)
        if unit is None:
            async with self._wire:
                return await self._ask_and_prove(request, begins)
        async with unit.turn:
            await self.pace.wait_to_ask(unit, begins)
            async with self._wire:
                return await self._ask_and_prove(request, begins)

    async def _ask_and_prove(self, request: ModbusPDU, begins: Begins | None) -> ModbusPDU:
        """The answer. Where a gateway may have given an earlier one again, the true one follows or is asked for."""
        answer = await self._ask_now(request, begins)
        memory, framer = self._memory, self._framer
        if memory is None or not isinstance(answer, RawRead):
            return answer
        awaited = awaited_answer(request)
        question = (request.dev_id, request.function_code, request.address, request.count)
        doubt = memory.doubt(question, awaited, answer.payload, self._asked_at)
        if doubt is not Doubt.NONE:
            await _listen(memory.prove_s if doubt is Doubt.OTHER_QUESTION else memory.settle_s)
            if framer is None or framer is not self._framer or framer.out_of_step:
                self._distrust()
                self.close()
                raise wrong_answer("gave an earlier answer again")
            if doubt is Doubt.OTHER_QUESTION:
                answer = await self._ask_now(request, begins)
        memory.believe(question, awaited, self._held(answer, awaited), time.monotonic())
        return answer

    async def _ask_now(self, request: ModbusPDU, begins: Begins | None) -> ModbusPDU:
        awaited = awaited_answer(request)
        client, framer = await self._rested(awaited)
        framer.heard = 0
        framer.awaited = awaited
        self._asking = request.dev_id
        # Numbers go on over connections: what a gateway still has for the last one belongs to none of the next. And far
        # apart: a late answer that a gateway has given a number off by one is not taken for the next one's.
        client.ctx.next_tid = self._next_transaction = (self._next_transaction + _STRIDE) % _TRANSACTIONS
        began = self._asked_at = time.monotonic()
        client.ctx.comm_params.timeout_connect = self.patience_s.get(request.dev_id, self.timeout_s)
        try:
            answer: ModbusPDU = await client.execute(False, request)
        except FieldError as error:
            if framer.out_of_step:
                self._distrust()
            if framer.out_of_step or error.reason is Reason.REFUSED:
                self._drop()
            raise error
        except ConnectionException as error:
            self._drop()
            raise FieldError(Reason.DROPPED, "the connection broke") from error
        except ModbusException as error:
            raise self._timed_out(framer, client) from error
        except asyncio.CancelledError:
            # Its answer is still under way and would be taken for the next one's.
            self._drop()
            raise
        finally:
            framer.awaited = None
            framer.forget(request.transaction_id)
            now = time.monotonic()
            self._quiet_until = now + self._silence_s
            self.pace.asked(request.dev_id, begins, began)
        self.answers += 1
        self._retry_s = FIRST_RETRY_S
        if self._memory is not None:
            self._memory.answered(awaited, now - began, now)
        if answer.function_code & 0x7F != request.function_code:
            raise self._lied(f"answered function {answer.function_code} instead of {request.function_code}")
        if answer.isError():
            note = role_note(self.address) if self.address.kind == "tls" else ""
            raise exception_answer(answer.exception_code, note)
        return answer

    async def _rested(self, awaited: Awaited) -> tuple[ModbusBaseClient, CheckedFramer]:
        """A connection on which this may be asked now.

        It is opened before the rest: what a gateway still has to say is heard while nothing is asked.
        """
        for _ in range(_MOST_OPENED):
            client, framer = await self._opened()
            await self._rest(awaited)
            if client.connected and not framer.out_of_step:
                return client, framer
        self.close()
        raise wrong_answer("sends bytes that nobody asked for")

    async def _rest(self, awaited: Awaited) -> None:
        until = max(self._quiet_until, self.pace.wire_quiet_until)
        if self._memory is not None:
            until = max(until, self._memory.ask_not_before(awaited))
        wait_s = until - time.monotonic()
        if wait_s > 0:
            await _listen(wait_s)

    def _timed_out(self, framer: CheckedFramer, client: ModbusBaseClient) -> FieldError:
        half = bool(client.ctx.recv_buffer)
        if half or self.address.is_rtu or not self.is_open:
            # Half a frame, or RTU: what comes late would be taken for the answer to the next request.
            self._drop()
        if half:
            return wrong_answer("sent half an answer")
        if framer.heard and self.address.is_rtu:
            return wrong_answer("sent bytes that are no answer to the request")
        return FieldError(Reason.TIMEOUT, f"no answer in {self.timeout_s:g} s")

    def _lied(self, text: str) -> FieldError:
        if self.address.is_rtu:
            self._drop()
        return wrong_answer(text)

    def _check_echo(self, answer: ModbusPDU, address: int, same: bool) -> None:
        if answer.address != address or not same:
            raise self._lied("confirmed another write than the one sent")

    def _held(self, answer: ModbusPDU, awaited: Awaited) -> bytes:
        """The bytes of values in the answer to a read."""
        if not isinstance(answer, RawRead):
            raise self._lied("answered a read with something else")
        if answer.counted != awaited.held or len(answer.payload) != awaited.held:
            if self.address.is_rtu:
                self._drop()
            raise wrong_size(awaited, len(answer.payload))
        return answer.payload

    # -- opening and dropping ---------------------------------------------------------------------------------

    async def _opened(self) -> tuple[ModbusBaseClient, CheckedFramer]:
        if self._client and self._framer and self._client.connected:
            if not self._framer.out_of_step and not self._client.ctx.recv_buffer:
                return self._client, self._framer
            self._distrust()
            self.close()  # bytes came that nobody had asked for; what follows them cannot be told apart
        if time.monotonic() < self._retry_at:
            raise FieldError(Reason.REFUSED, self._why_not or "not connected")
        self.close()
        self.answers = 0
        try:
            client, framer = self._made()
        except BadLink as error:  # certificates that cannot be used; they may be renewed while we run
            self._why_not = str(error).rstrip(".")
            self._back_off()
            raise FieldError(Reason.REFUSED, self._why_not) from error
        if not await client.connect():
            client.close()
            self._back_off()
            raise FieldError(Reason.REFUSED, self._why_not or f"{self.address} cannot be reached")
        self._client, self._framer = client, framer
        self.opened_at = time.monotonic()
        if self._memory is not None:
            self._memory.opened(time.monotonic())
        if self.address.kind not in ("udp", "tls"):
            # There, an open connection is no sign yet: over UDP opening asks nobody, and TLS 1.3 is open on this side
            # before the other side has looked at our certificate.
            self._retry_s = FIRST_RETRY_S
        return client, framer

    def _made(self) -> tuple[ModbusBaseClient, CheckedFramer]:
        client = make_client(self.address, self.timeout_s)
        decoder = checking_decoder()
        framer = _FRAMERS.get(self.address.kind, CheckedSocketFramer)(decoder, self._fail)
        context = client.ctx
        context.framer = framer
        context.max_buffer_size = _RECEIVE_BUFFER
        context.callback_disconnected = lambda error: self._lost(client, error)  # type: ignore[method-assign, assignment]
        context.error_received = self._sent_back  # type: ignore[method-assign]
        create = context.call_create

        async def create_and_remember_why_not() -> Any:
            try:
                return await create()
            except CANNOT_OPEN as error:
                self._why_not = why_not_open(error, self.address)
                raise OSError(str(error)) from error

        self._why_not = f"{self.address} does not take the connection in {self.timeout_s:g} s"
        context.call_create = create_and_remember_why_not
        return client, framer

    def _distrust(self) -> None:
        if self._memory is not None:
            self._memory.distrust(time.monotonic())

    def _back_off(self) -> None:
        # Spread, so that a gateway that comes back is not met by all its devices in the same instant.
        self._retry_at = time.monotonic() + self._retry_s * random.uniform(0.8, 1.2)
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)

    def _drop(self) -> None:
        self.close()
        if self._memory is not None:
            # What is still on its way behind a serial gateway may come out of the next connection. An answer of
            # another unit is told by its number, so only this unit is left alone for a while.
            self._memory.given_up(self._asking, time.monotonic())

    def _lost(self, client: ModbusBaseClient, error: Exception | None) -> None:
        """The connection is gone. A device that does not like our certificate says so only after TLS is open."""
        if client is not self._client:
            return
        self.broken_at = time.monotonic()
        if isinstance(error, ssl.SSLError) or (self.address.kind == "tls" and not self.answers):
            self._sent_back(error or ConnectionResetError())
        else:
            self._fail(FieldError(Reason.DROPPED, "the connection broke during a request"))

    def _sent_back(self, error: Exception) -> None:
        """Also UDP: the other host says that nobody listens there (ICMP), or there is no way to it."""
        self._why_not = why_not_open(error, self.address, opened=True)
        self._back_off()
        self._fail(FieldError(Reason.REFUSED, self._why_not))

    def _fail(self, error: FieldError) -> None:
        """Tells the waiting request at once; pymodbus would let it wait for its timeout."""
        waiting = self._client.ctx.response_future if self._client else None
        if waiting and not waiting.done():
            waiting.set_exception(error)


async def _listen(wait_s: float) -> None:
    """Sends nothing for a while. What came in the instant it ended is heard too: that takes the loop two rounds."""
    await asyncio.sleep(wait_s)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _bits(payload: bytes, count: int) -> bytes:
    """Each bit as a word of its own."""
    number = int.from_bytes(payload, "little")
    return b"".join(b"\0\1" if number >> bit & 1 else b"\0\0" for bit in range(count))
