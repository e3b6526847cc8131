// A plugin for NeoTalk: it counts its calls.
#include "plugin_sdk.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

PLUGIN_DEFINE_PANIC_RECORD;

static char result[64];
static unsigned count;

PLUGIN_INIT(config, len) {
    (void)config, (void)len;
    count = 0, result[0] = 0;
    return 1;
}

PLUGIN_COMMAND(name, name_len, arguments, len) {
    (void)arguments, (void)len;
    if (name_len != 5 || memcmp(name, "count", 5) != 0) {
        strcpy(result, "{\"error\":\"there is one command: count\"}");
        return 1;
    }
    snprintf(result, sizeof result, "{\"count\":%u}", ++count);
    return 0;
}

PLUGIN_GET_RESULT(address, len) {
    *address = (uint32_t)(uintptr_t)result;
    *len = (uint32_t)strlen(result);
    return *len == 0;
}

PLUGIN_CLEANUP() { result[0] = 0; }

PLUGIN_ALLOC(size) { return allocate(size); }

PLUGIN_FREE(address, size) {
    (void)size;
    release(address);
}
