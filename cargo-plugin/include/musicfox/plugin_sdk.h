/* plugin_sdk.h: plugins in C11 and C++, for go-musicfox v2, by its guide for WebAssembly plugins. Made by `cargo plugin header --host musicfox` of
 * version 0.1.0: make it anew instead of changing it. `docs/abi.md` and `docs/languages.md` of plugin-sdk tell the rest. */
#ifndef PLUGIN_SDK_H
#define PLUGIN_SDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PLUGIN_C extern "C"
#define PLUGIN_STATIC_ASSERT static_assert
#else
#define PLUGIN_C extern
#define PLUGIN_STATIC_ASSERT _Static_assert
#endif

/* What the module exports and imports, by the names that the host knows. On other targets than WebAssembly these are ordinary functions, so that a
 * plugin's source compiles there for its unit tests, which define what the host would. */
#ifdef __wasm__
#define PLUGIN_EXPORT(NAME) PLUGIN_C __attribute__((export_name(NAME)))
#define PLUGIN_IMPORT(MODULE, NAME) PLUGIN_C __attribute__((import_module(MODULE), import_name(NAME)))
#else
#define PLUGIN_EXPORT(NAME) PLUGIN_C
#define PLUGIN_IMPORT(MODULE, NAME) PLUGIN_C
#endif

/* Bytes and whether they are an error, in one number: address << 32 | failed << 31 | length. */
typedef uint64_t plugin_packed;

/* The longest that such bytes can be: 2^31 - 1. */
#define PLUGIN_MAX_LEN UINT32_C(2147483647)

/* A packed number taken apart. */
typedef struct plugin_bytes {
    uint8_t *address;
    uint32_t len;
    bool failed;
} plugin_bytes;

/* Bytes that are a result. */
static inline plugin_packed plugin_pack(const void *address, uint32_t len) {
    return (uint64_t)(uint32_t)(uintptr_t)address << 32 | (len & PLUGIN_MAX_LEN);
}

/* Bytes that are an error: JSON {"code", "message", "details"?, "source"?}. */
static inline plugin_packed plugin_pack_error(const void *address, uint32_t len) {
    return plugin_pack(address, len) | UINT64_C(1) << 31;
}

/* What a packed number says. The address means something in WebAssembly only. */
static inline plugin_bytes plugin_unpack(plugin_packed packed) {
    plugin_bytes bytes;
    bytes.address = (uint8_t *)(uintptr_t)(packed >> 32);
    bytes.len = (uint32_t)packed & PLUGIN_MAX_LEN;
    bytes.failed = (packed >> 31 & 1) != 0;
    return bytes;
}

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Functions of the host. Text is UTF-8, with its length in bytes and no zero byte behind it.
 */

/* Writes a log line: 0 is information, 1 a warning, 2 an error; anything else is debug output. The host drops a line without text.
 * message, message_len: bytes. */
PLUGIN_IMPORT("env", "host_log")
void env_host_log(int32_t level, const uint8_t *message, uint32_t message_len);

/* Returns the text of a setting, in a block of exactly its length. A setting that is not set has no block, or an empty one.
 * key, key_len: text. */
PLUGIN_IMPORT("env", "host_get_config")
uint32_t env_host_get_config(const char *key, uint32_t key_len);

/* Emits an event to all subscribers. The host drops an event without a type or without data.
 * event, event_len: text.
 * data, data_len: bytes. */
PLUGIN_IMPORT("env", "host_emit_event")
void env_host_emit_event(const char *event, uint32_t event_len, const uint8_t *data, uint32_t data_len);

/* Changes a setting.
 * key, key_len: text.
 * value, value_len: text. */
PLUGIN_IMPORT("env", "host_set_config")
void env_host_set_config(const char *key, uint32_t key_len, const char *value, uint32_t value_len);

/* Sends a request. If no response came, the status is below 0 and the returned bytes give the reason.
 * method, method_len: text.
 * url, url_len: text.
 * body, body_len: bytes.
 * status: 4 bytes, which the host changes.
 * Needs the permission `http`. */
PLUGIN_IMPORT("env", "host_http_request")
uint32_t env_host_http_request(const char *method, uint32_t method_len, const char *url, uint32_t url_len, const uint8_t *body, uint32_t body_len, void *status);

/* Returns the contents of a file; nothing if there is no such file or the plugin may not read it.
 * path, path_len: text.
 * Needs the permission `files`. */
PLUGIN_IMPORT("env", "host_read_file")
uint32_t env_host_read_file(const char *path, uint32_t path_len);

/* Creates or replaces a file.
 * path, path_len: text.
 * data, data_len: bytes.
 * Gives back a number that says whether it succeeded.
 * Needs the permission `files`. */
PLUGIN_IMPORT("env", "host_write_file")
int32_t env_host_write_file(const char *path, uint32_t path_len, const uint8_t *data, uint32_t data_len);

/* Subscribes to events of this type.
 * event, event_len: text.
 * Gives back a number that says whether it succeeded.
 * Needs the permission `events`. */
PLUGIN_IMPORT("env", "host_subscribe_event")
int32_t env_host_subscribe_event(const char *event, uint32_t event_len);

#endif
