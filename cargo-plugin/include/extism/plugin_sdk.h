/* plugin_sdk.h: plugins in C11 and C++, for Extism, by the source of its runtime. Made by `cargo plugin header --host extism` of version 0.1.0:
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

/* Returns the length of the input in bytes. */
PLUGIN_IMPORT("extism:host/env", "input_length")
uint64_t extism_host_env_input_length(void);

/* Returns a byte of the input. */
PLUGIN_IMPORT("extism:host/env", "input_load_u8")
uint32_t extism_host_env_input_load_u8(uint64_t at);

/* Returns eight bytes of the input as a little-endian number. */
PLUGIN_IMPORT("extism:host/env", "input_load_u64")
uint64_t extism_host_env_input_load_u64(uint64_t at);

/* Allocates a block; 0 for no bytes, or if there is no room. */
PLUGIN_IMPORT("extism:host/env", "alloc")
uint64_t extism_host_env_alloc(uint64_t length);

/* Frees a block. */
PLUGIN_IMPORT("extism:host/env", "free")
void extism_host_env_free(uint64_t block);

/* Returns the length of a block in bytes; 0 if it is not a block. */
PLUGIN_IMPORT("extism:host/env", "length")
uint64_t extism_host_env_length(uint64_t block);

/* Like `length`, for an address that is certainly a block. The SDK does not use it. */
PLUGIN_IMPORT("extism:host/env", "length_unsafe")
uint64_t extism_host_env_length_unsafe(uint64_t block);

/* Returns a block with the input. The SDK does not use it. */
PLUGIN_IMPORT("extism:host/env", "input_offset")
uint64_t extism_host_env_input_offset(void);

/* Returns a byte of a block. */
PLUGIN_IMPORT("extism:host/env", "load_u8")
uint32_t extism_host_env_load_u8(uint64_t at);

/* Returns eight bytes of a block. */
PLUGIN_IMPORT("extism:host/env", "load_u64")
uint64_t extism_host_env_load_u64(uint64_t at);

/* Writes a byte of a block. */
PLUGIN_IMPORT("extism:host/env", "store_u8")
void extism_host_env_store_u8(uint64_t at, uint32_t byte);

/* Writes eight bytes of a block. */
PLUGIN_IMPORT("extism:host/env", "store_u64")
void extism_host_env_store_u64(uint64_t at, uint64_t bytes);

/* Makes the first `length` bytes of a block the output. */
PLUGIN_IMPORT("extism:host/env", "output_set")
void extism_host_env_output_set(uint64_t block, uint64_t length);

/* Makes a block the error. */
PLUGIN_IMPORT("extism:host/env", "error_set")
void extism_host_env_error_set(uint64_t block);

/* Returns the setting under a key. */
PLUGIN_IMPORT("extism:host/env", "config_get")
uint64_t extism_host_env_config_get(uint64_t key);

/* Returns a variable. */
PLUGIN_IMPORT("extism:host/env", "var_get")
uint64_t extism_host_env_var_get(uint64_t name);

/* Sets a variable, or removes it if the value is 0. */
PLUGIN_IMPORT("extism:host/env", "var_set")
void extism_host_env_var_set(uint64_t name, uint64_t value);

/* Returns the status of the last response. */
PLUGIN_IMPORT("extism:host/env", "http_status_code")
uint32_t extism_host_env_http_status_code(void);

/* Returns the headers of the last response as a JSON object; 0 if the program that runs Extism hides them. */
PLUGIN_IMPORT("extism:host/env", "http_headers")
uint64_t extism_host_env_http_headers(void);

/* Writes a log line. */
PLUGIN_IMPORT("extism:host/env", "log_trace")
void extism_host_env_log_trace(uint64_t line);

/* Writes a log line. */
PLUGIN_IMPORT("extism:host/env", "log_debug")
void extism_host_env_log_debug(uint64_t line);

/* Writes a log line. */
PLUGIN_IMPORT("extism:host/env", "log_info")
void extism_host_env_log_info(uint64_t line);

/* Writes a log line. */
PLUGIN_IMPORT("extism:host/env", "log_warn")
void extism_host_env_log_warn(uint64_t line);

/* Writes a log line. */
PLUGIN_IMPORT("extism:host/env", "log_error")
void extism_host_env_log_error(uint64_t line);

/* Returns the most detailed level that the host wants: 0 trace, 1 debug, 2 info, 3 warn, 4 error; `i32::MAX` none. */
PLUGIN_IMPORT("extism:host/env", "get_log_level")
uint32_t extism_host_env_get_log_level(void);

/* Sends a request with the head `{"url", "method", "headers"}` and waits for the response. Returns its body, or 0 if it has none. Any failure ends
 * the plugin's call.
 * Needs the permission `http`. */
PLUGIN_IMPORT("extism:host/env", "http_request")
uint64_t extism_host_env_http_request(uint64_t head, uint64_t body);

#endif
