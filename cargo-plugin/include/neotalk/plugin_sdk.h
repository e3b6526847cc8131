/* plugin_sdk.h: plugins in C11 and C++, for NeoTalk, by its guide for WASM plugins. Made by `cargo plugin header --host neotalk` of version 0.1.0:
 * make it anew instead of changing it. `docs/abi.md` and `docs/languages.md` of plugin-sdk tell the rest. */
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

/* Writes a log line: 0 debug, 1 information, 2 warning, 3 error.
 * message, message_len: bytes. */
PLUGIN_IMPORT("env", "neotalk_log")
void env_neotalk_log(uint32_t level, const uint8_t *message, uint32_t message_len);

/* Returns the setting under a key, as JSON or plain text; 1 if it is not set, -1 if the buffer is too small.
 * key, key_len: text.
 * out: where the result is written to, for which there are out_size bytes. */
PLUGIN_IMPORT("env", "neotalk_get_config")
uint32_t env_neotalk_get_config(const char *key, uint32_t key_len, void *out, uint32_t out_size);

/* Sends a GET request and returns the status of the response; below 0 without a response.
 * url, url_len: text.
 * Gives back a number that says whether it succeeded. */
PLUGIN_IMPORT("env", "neotalk_http_get")
int32_t env_neotalk_http_get(const char *url, uint32_t url_len);

/* Sends a POST request and returns the status of the response; below 0 without a response.
 * url, url_len: text.
 * body, body_len: bytes.
 * Gives back a number that says whether it succeeded. */
PLUGIN_IMPORT("env", "neotalk_http_post")
int32_t env_neotalk_http_post(const char *url, uint32_t url_len, const uint8_t *body, uint32_t body_len);

/* Returns the milliseconds since 1970-01-01 00:00 UTC. */
PLUGIN_IMPORT("env", "neotalk_now_ms")
uint64_t env_neotalk_now_ms(void);

/* Returns 32 random bits. */
PLUGIN_IMPORT("env", "neotalk_random")
uint32_t env_neotalk_random(void);

#endif
