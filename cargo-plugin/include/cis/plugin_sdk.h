/* plugin_sdk.h: plugins in C11 and C++, for CIS, whose plugins are skills, by the README of its WASM runtime. Made by `cargo plugin header --host
 * cis` of version 0.1.0: make it anew instead of changing it. `docs/abi.md` and `docs/languages.md` of plugin-sdk tell the rest. */
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

/* Returns the value under a key; nothing if the key does not exist or CIS cannot read it.
 * key, key_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("env", "host_memory_get")
plugin_packed env_host_memory_get(const uint8_t *key, uint32_t key_len);

/* Stores a value under a key: 0, or -1 on failure.
 * key, key_len: bytes.
 * value, value_len: bytes. */
PLUGIN_IMPORT("env", "host_memory_set")
int32_t env_host_memory_set(const uint8_t *key, uint32_t key_len, const uint8_t *value, uint32_t value_len);

/* Removes a key: 0, or -1 on failure.
 * key, key_len: bytes. */
PLUGIN_IMPORT("env", "host_memory_delete")
int32_t env_host_memory_delete(const uint8_t *key, uint32_t key_len);

/* Returns the model's reply to a prompt; nothing on failure.
 * prompt, prompt_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("env", "host_ai_chat")
plugin_packed env_host_ai_chat(const uint8_t *prompt, uint32_t prompt_len);

/* Writes a log line: 0 debug, 1 information, 2 warning, 3 error.
 * message, message_len: bytes. */
PLUGIN_IMPORT("env", "host_log")
void env_host_log(int32_t level, const uint8_t *message, uint32_t message_len);

/* Returns the body of the response to a POST request; nothing on failure.
 * url, url_len: bytes.
 * body, body_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("env", "host_http_post")
plugin_packed env_host_http_post(const uint8_t *url, uint32_t url_len, const uint8_t *body, uint32_t body_len);

#endif
