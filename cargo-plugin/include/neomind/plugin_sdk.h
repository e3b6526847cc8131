/* plugin_sdk.h: plugins in C11 and C++, for the extension runner of NeoMind. Made by `cargo plugin header --host neomind` of version 0.1.0: make
 * it anew instead of changing it. `docs/abi.md` and `docs/languages.md` of plugin-sdk tell the rest. */
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

/* Uses a capability of the platform. Parameters and answer are JSON. Returns the number of bytes of the answer that were written, at most the size
 * of the buffer, or -1.
 * capability, capability_len: text.
 * parameters, parameters_len: text.
 * answer, answer_len: bytes, which the host changes. */
PLUGIN_IMPORT("neomind", "host_invoke_capability")
int32_t neomind_host_invoke_capability(const char *capability, uint32_t capability_len, const char *parameters, uint32_t parameters_len, uint8_t *answer, uint32_t answer_len);

/* Starts to collect events of a type for this extension. Returns the number of the subscription, or -1. The runner ignores the filter.
 * event_type, event_type_len: text.
 * filter, filter_len: text. */
PLUGIN_IMPORT("neomind", "host_event_subscribe")
int64_t neomind_host_event_subscribe(const char *event_type, uint32_t event_type_len, const char *filter, uint32_t filter_len);

/* Returns the collected events as a JSON array and forgets them: the number of bytes written, at most the size of the buffer, or -1.
 * events, events_len: bytes, which the host changes. */
PLUGIN_IMPORT("neomind", "host_event_poll")
int32_t neomind_host_event_poll(int64_t subscription, uint8_t *events, uint32_t events_len);

/* Ends a subscription: 0, or -1. */
PLUGIN_IMPORT("neomind", "host_event_unsubscribe")
int32_t neomind_host_event_unsubscribe(int64_t subscription);

/* Does nothing. */
PLUGIN_IMPORT("neomind", "host_free")
void neomind_host_free(uint32_t address);

/* Writes a log line; the level is `error`, `warn` or `debug`, and anything else is `info`.
 * level, level_len: text.
 * message, message_len: text. */
PLUGIN_IMPORT("neomind", "host_log")
void neomind_host_log(const char *level, uint32_t level_len, const char *message, uint32_t message_len);

/* Returns the milliseconds since 1970. */
PLUGIN_IMPORT("neomind", "host_timestamp_ms")
int64_t neomind_host_timestamp_ms(void);

#endif
