// A server of one of two Node libraries: node node_server.js modbus-serial|jsmodbus. Registers come in as JSON on
// standard input, the port goes out on standard output.
"use strict";
const net = require("net");
const readline = require("readline");

function modbusSerial(words) {
  const { ServerTCP } = require("modbus-serial");
  const at = (name) => (address) => words[name][address];
  const vector = {
    getInputRegister: at("input"),
    getHoldingRegister: at("holding"),
    setRegister: (address, value) => { words.holding[address] = value; },
  };
  const server = new ServerTCP(vector, { host: "127.0.0.1", port: 0, unitID: 1 });
  server.on("initialized", () => console.log(server._server.address().port));
  server.on("socketError", () => {});
}

function jsmodbus(words) {
  const modbus = require("jsmodbus");
  const bytes = (name) => {
    const buffer = Buffer.alloc(2 * words[name].length);
    words[name].forEach((word, at) => buffer.writeUInt16BE(word, 2 * at));
    return buffer;
  };
  const server = net.createServer();
  new modbus.server.TCP(server, { input: bytes("input"), holding: bytes("holding") });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

readline.createInterface({ input: process.stdin }).once("line", (line) => {
  ({ "modbus-serial": modbusSerial, jsmodbus })[process.argv[2]](JSON.parse(line));
});
