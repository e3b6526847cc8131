/* plugin_sdk.h: plugins in C11 and C++, for Typst, which typesets documents, by its plugin protocol. Made by `cargo plugin header --host typst` of
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

/* Receives the result of the call, or the text of its error.
 * bytes, bytes_len: bytes. */
PLUGIN_IMPORT("typst_env", "wasm_minimal_protocol_send_result_to_host")
void typst_env_wasm_minimal_protocol_send_result_to_host(const uint8_t *bytes, uint32_t bytes_len);

/* Writes the argument of the export, whose length the export has received, to an address that has room for it. */
PLUGIN_IMPORT("typst_env", "wasm_minimal_protocol_write_args_to_buffer")
void typst_env_wasm_minimal_protocol_write_args_to_buffer(uint32_t buffer);

#endif
