/* A libmodbus server. Registers come in as JSON {"input": [...], "holding": [...]} on standard input, the port goes
   out on standard output. One connection after the other, as libmodbus's own examples do. */
#include <arpa/inet.h>
#include <ctype.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 1400
static char line[1 << 16];

static void fill(const char *name, uint16_t *words) {
    const char *at = strchr(strstr(line, name), '[') + 1;
    for (int n = 0; n < SIZE && *at != ']'; n++) {
        char *end;
        words[n] = (uint16_t)strtoul(at, &end, 10);
        at = end;
        while (*at == ',' || isspace((unsigned char)*at)) at++;
    }
}

int main(void) {
    if (!fgets(line, sizeof line, stdin)) return 1;
    modbus_t *bus = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, SIZE, SIZE);
    fill("\"input\"", map->tab_input_registers);
    fill("\"holding\"", map->tab_registers);
    int listener = modbus_tcp_listen(bus, 4);
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    if (listener < 0 || getsockname(listener, (struct sockaddr *)&place, &size)) return 2;
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    for (;;) {
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        if (modbus_tcp_accept(bus, &listener) < 0) return 3;
        for (;;) {
            int length = modbus_receive(bus, query);
            if (length < 0) break;
            if (length > 0) modbus_reply(bus, query, length, map);
        }
        modbus_close(bus);
    }
}
