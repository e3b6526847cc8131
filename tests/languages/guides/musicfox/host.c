// c/src/host.c from go-musicfox's guide to WebAssembly plugins, unchanged.
#include "host.h"
#include <string.h>

void log_info(const char* message) {
    host_log(0, (const uint8_t*)message, strlen(message));
}

void log_error(const char* message) {
    host_log(2, (const uint8_t*)message, strlen(message));
}
