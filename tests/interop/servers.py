"""Servers of Python libraries, one a process: `python servers.py NAME`. JSON registers come in, the port goes out."""

from __future__ import annotations

import importlib
import json
import sys
import threading


def pymodbustcp(words):
    server = importlib.import_module("pyModbusTCP.server").ModbusServer("127.0.0.1", 0, no_block=True)
    server.data_bank.set_input_registers(0, words["input"])
    server.data_bank.set_holding_registers(0, words["holding"])
    server.start()
    return server._service.server_address[1]


def modbus_tk(words):
    modbus_tcp = importlib.import_module("modbus_tk.modbus_tcp")
    server = modbus_tcp.TcpServer(port=0, address="127.0.0.1")
    server.start()
    slave = server.add_slave(1)
    for name, block in (("input", 4), ("holding", 3)):
        slave.add_block(name, block, 0, len(words[name]))
        slave.set_values(name, 0, words[name])
    while server._sock is None:  # it binds on its own thread
        threading.Event().wait(0.01)
    return server._sock.getsockname()[1]


def umodbus(words):
    server = importlib.import_module("umodbus.server.tcp")
    socketserver = importlib.import_module("socketserver")
    app = server.get_server(socketserver.TCPServer, ("127.0.0.1", 0), server.RequestHandler)
    span = list(range(len(words["holding"])))

    @app.route(slave_ids=[1], function_codes=[4], addresses=span)
    def read_input(slave_id, function_code, address):
        return words["input"][address]

    @app.route(slave_ids=[1], function_codes=[3], addresses=span)
    def read_holding(slave_id, function_code, address):
        return words["holding"][address]

    @app.route(slave_ids=[1], function_codes=[6, 16], addresses=span)
    def write(slave_id, function_code, address, value):
        words["holding"][address] = value

    threading.Thread(target=app.serve_forever, daemon=True).start()
    return app.server_address[1]


if __name__ == "__main__":
    port = {"pyModbusTCP": pymodbustcp, "modbus-tk": modbus_tk, "uModbus": umodbus}[sys.argv[1]](
        json.loads(sys.stdin.readline())
    )
    print(port, flush=True)
    threading.Event().wait()
