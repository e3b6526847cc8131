// A plugin for ToolFS: it returns the size of the file /toolfs/docs/a.txt, whatever the operation.
#include "plugin_sdk.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

PLUGIN_DEFINE_PANIC_RECORD;
PLUGIN_INSTANCE
PLUGIN_NAME("size-c")
PLUGIN_VERSION("1.0.0")

static char response[256];

PLUGIN_INIT(config, len) {
    (void)config, (void)len;
    return 0;
}

PLUGIN_EXECUTE(request, len) {
    (void)request, (void)len;
    static const char path[] = "/toolfs/docs/a.txt";
    plugin_bytes file = plugin_unpack(toolfs_read_file(path, sizeof path - 1));
    if (file.failed) {
        strcpy(response, "{\"success\":false,\"error\":\"the file cannot be read\",\"metadata\":{\"code\":\"not_found\"}}");
    } else {
        snprintf(response, sizeof response, "{\"success\":true,\"result\":%u}", (unsigned)file.len);
    }
    release(file.address);
    return plugin_pack(response, (uint32_t)strlen(response));
}

PLUGIN_ALLOC(size) { return allocate(size); }

PLUGIN_FREE(address, size) {
    (void)size;
    release(address);
}
