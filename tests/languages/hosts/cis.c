// The example of CIS's README as a skill, with the header's exports and declarations.
#include "plugin_sdk.h"

#include <string.h>

#include "memory.h"

PLUGIN_DEFINE_PANIC_RECORD;

static char result[256];
static bool failed;

PLUGIN_INIT() {
    static const char message[] = "Hello from WASM!";
    env_host_log(1, (const uint8_t *)message, sizeof message - 1);
}

// Stores the value, and returns it as it was read: JSON text.
PLUGIN_EXECUTE(name, name_len, arguments, len) {
    (void)arguments, (void)len;
    static const char key[] = "my_key", value[] = "my_value";
    failed = name_len != 7 || memcmp(name, "example", 7) != 0;
    if (failed) {
        return 0;
    }
    env_host_memory_set((const uint8_t *)key, sizeof key - 1, (const uint8_t *)value, sizeof value - 1);
    // 0 is no value, and not one at address 0.
    plugin_bytes found = plugin_unpack(env_host_memory_get((const uint8_t *)key, sizeof key - 1));
    if (found.address == NULL || found.len > sizeof result - 2) {
        return plugin_pack("null", 4);
    }
    result[0] = '"';
    memcpy(result + 1, found.address, found.len);
    result[found.len + 1] = '"';
    // The README's example never frees it.
    release(found.address);
    return plugin_pack(result, found.len + 2);
}

PLUGIN_LAST_ERROR() {
    static const char error[] = "{\"code\":\"unknown_command\",\"message\":\"there is one command: example\"}";
    return failed ? plugin_pack(error, sizeof error - 1) : 0;
}

PLUGIN_ON_EVENT(type, type_len, data, len) {
    (void)type, (void)type_len, (void)data, (void)len;
    PLUGIN_PANIC_LITERAL("events are not expected");
}

PLUGIN_SHUTDOWN() {}

PLUGIN_MALLOC(size) { return allocate(size); }

PLUGIN_FREE(address) { release(address); }
