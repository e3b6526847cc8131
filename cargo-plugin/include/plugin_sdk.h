/* plugin_sdk.h: plugins in C11 and C++, for hosts of the plugin SDK's own ABI. Made by `cargo plugin header --host native` of version 0.1.0: make
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
 * Exports
 *
 * Each macro begins the definition of a function that hosts call: PLUGIN_COMMAND(greet, arguments, len) { … }. A plugin has PLUGIN_ALLOC, PLUGIN_FREE,
 * PLUGIN_INIT and PLUGIN_CLEANUP, and in one of its source files PLUGIN_DEFINE_PANIC_RECORD; all others are as it needs them.
 *
 * Arguments belong to the host and are there for the length of the call. Results belong to the plugin, and must stay as they are until the next call
 * other than of `alloc` and `free`: most simply, the plugin keeps one and frees it at the beginning of the next call. A result may lie in the arguments.
 */

/* The version of the ABI. */
#define PLUGIN_ABI_VERSION 1

/* What addresses of PLUGIN_ALLOC must be a multiple of. */
#define PLUGIN_ALIGNMENT 16

/* Room for `SIZE` bytes, a uint32_t; NULL when there is none, never NULL for size 0. */
#define PLUGIN_ALLOC(SIZE)                                                                                                                          \
    PLUGIN_EXPORT("alloc") void *plugin_alloc(uint32_t SIZE);                                                                                       \
    void *plugin_alloc(uint32_t SIZE)

/* Gives back what PLUGIN_ALLOC or a call returned: void *ADDRESS, uint32_t SIZE. Anything else, or a second time, must do nothing. */
#define PLUGIN_FREE(ADDRESS, SIZE)                                                                                                                  \
    PLUGIN_EXPORT("free") void plugin_free(void *ADDRESS, uint32_t SIZE);                                                                           \
    void plugin_free(void *ADDRESS, uint32_t SIZE)

/* A command; its arguments are uint8_t *ARGUMENTS, uint32_t LEN: a JSON object, no bytes standing for {}, or for a raw command any bytes. Gives back a
 * plugin_packed: one JSON value, or any bytes. */
#define PLUGIN_COMMAND(NAME, ARGUMENTS, LEN) PLUGIN_CALL_("command_" #NAME, plugin_command_##NAME, ARGUMENTS, LEN)

/* Many inputs of a command in one call. Before each input and each answer stands a number of plugin_item_header, little-endian. */
#define PLUGIN_BATCH(NAME, INPUTS, LEN) PLUGIN_CALL_("batch_" #NAME, plugin_batch_##NAME, INPUTS, LEN)

/* Makes the plugin's state from a JSON configuration, no bytes standing for {}. A second time it replaces the state, or leaves it as it is if it fails. */
#define PLUGIN_INIT(CONFIG, LEN) PLUGIN_CALL_("plugin_init", plugin_init, CONFIG, LEN)

/* An event: JSON {"topic", "data"}. Optional. */
#define PLUGIN_EVENT(EVENT, LEN) PLUGIN_CALL_("plugin_event", plugin_event, EVENT, LEN)

/* Ends the plugin's life: the module is as new afterwards. */
#define PLUGIN_CLEANUP()                                                                                                                            \
    PLUGIN_EXPORT("plugin_cleanup") void plugin_cleanup(void);                                                                                      \
    void plugin_cleanup(void)

/* Begins and ends the plugin's work. Optional. */
#define PLUGIN_START() PLUGIN_HOOK_("plugin_start", plugin_start)
#define PLUGIN_STOP() PLUGIN_HOOK_("plugin_stop", plugin_stop)

#define PLUGIN_CALL_(EXPORT, FUNCTION, ADDRESS, LEN)                                                                                                \
    PLUGIN_EXPORT(EXPORT) plugin_packed FUNCTION(uint8_t *ADDRESS, uint32_t LEN);                                                                   \
    plugin_packed FUNCTION(uint8_t *ADDRESS, uint32_t LEN)
#define PLUGIN_HOOK_(EXPORT, FUNCTION)                                                                                                              \
    PLUGIN_EXPORT(EXPORT) plugin_packed FUNCTION(void);                                                                                             \
    plugin_packed FUNCTION(void)

/* What stands before an input or an answer of a batch; inputs never have failed. */
static inline uint32_t plugin_item_header(uint32_t len, bool failed) {
    return (failed ? UINT32_C(1) << 31 : 0) | (len & PLUGIN_MAX_LEN);
}

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Panics
 */

/* Where a host reads, after a trap, what was wrong; all zero when the trap was none of the plugin's own. Addresses are of UTF-8 text; line and column
 * count from 1, and are 0 where they are not known. */
typedef struct plugin_panic_record {
    uint32_t message, message_len;
    uint32_t file, file_len;
    uint32_t line, column;
} plugin_panic_record;

PLUGIN_STATIC_ASSERT(sizeof(plugin_panic_record) == 24, "the panic record has the ABI's size");

/* The record's symbol is an export. A variable is exported by the linker alone: -Wl,--export=plugin_abi_1 */
PLUGIN_C plugin_panic_record plugin_abi_1;
#define PLUGIN_DEFINE_PANIC_RECORD plugin_panic_record plugin_abi_1 = {0, 0, 0, 0, 0, 0}

/* The longest message that hosts read, in bytes. */
#define PLUGIN_MAX_PANIC_MESSAGE UINT32_C(1024)

/* Notes what is wrong, and ends the instance. The message stays where it is, so it may be of any memory that nobody else changes. */
__attribute__((noreturn, unused)) static inline void plugin_panic(const char *message, size_t message_len, const char *file, size_t file_len, uint32_t line) {
    if (message_len > PLUGIN_MAX_PANIC_MESSAGE) {
        message_len = PLUGIN_MAX_PANIC_MESSAGE;
        /* Not within a character. */
        while (message_len > 0 && ((unsigned char)message[message_len] & 0xC0) == 0x80) {
            message_len--;
        }
    }
    plugin_abi_1.message = (uint32_t)(uintptr_t)message;
    plugin_abi_1.message_len = (uint32_t)message_len;
    plugin_abi_1.file = (uint32_t)(uintptr_t)file;
    plugin_abi_1.file_len = (uint32_t)file_len;
    plugin_abi_1.line = line;
    plugin_abi_1.column = 0;
    __builtin_trap();
}

/* A panic here, with a message of so many bytes; one with a literal. */
#define PLUGIN_PANIC(MESSAGE, LEN) plugin_panic((MESSAGE), (LEN), __FILE__, sizeof __FILE__ - 1, (uint32_t)__LINE__)
#define PLUGIN_PANIC_LITERAL(MESSAGE) PLUGIN_PANIC("" MESSAGE, sizeof MESSAGE - 1)

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Manifest
 */

/* Puts a file's lines into the section that hosts read without running anything. Each line is a JSON object, and the last ends with a line feed, too. The
 * file is looked for as an included one is, in the folders of -I. Clang puts variables that name a section into the memory, so this is the assembler's. */
#ifdef __wasm__
#define PLUGIN_MANIFEST_FILE(PATH) __asm__(".section \".custom_section.plugin-sdk\",\"\",@\n.incbin \"" PATH "\"\n")
#else
#define PLUGIN_MANIFEST_FILE(PATH) PLUGIN_STATIC_ASSERT(sizeof PATH > 1, "the manifest has a path")
#endif

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * The heap record, of a plugin that counts what it allocates
 */

typedef struct plugin_heap_record {
    /* Blocks that are allocated and not freed; their size in bytes. */
    uint32_t live_blocks, live_bytes;
    /* The largest size in bytes that they had together. */
    uint32_t peak_bytes;
    /* How many of the blocks the host allocated with `alloc`. */
    uint32_t host_blocks;
    /* Blocks ever allocated; their size in bytes, what they grew by included. */
    uint64_t total_blocks, total_bytes;
} plugin_heap_record;

PLUGIN_STATIC_ASSERT(sizeof(plugin_heap_record) == 32, "the heap record has the ABI's size");

/* Defined by a plugin that counts, and exported as the panic record is: -Wl,--export=plugin_heap_1 */
PLUGIN_C plugin_heap_record plugin_heap_1;

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Codes of errors; plugins may have further codes.
 */

#define PLUGIN_CODE_INVALID_JSON "invalid_json"
#define PLUGIN_CODE_MISSING_ARGUMENT "missing_argument"
#define PLUGIN_CODE_UNKNOWN_ARGUMENT "unknown_argument"
#define PLUGIN_CODE_INVALID_ARGUMENT "invalid_argument"
#define PLUGIN_CODE_INVALID_RESULT "invalid_result"
#define PLUGIN_CODE_TOO_LARGE "too_large"
#define PLUGIN_CODE_NOT_INITIALIZED "not_initialized"
#define PLUGIN_CODE_INIT_FAILED "init_failed"
#define PLUGIN_CODE_INVALID_STATE "invalid_state"
#define PLUGIN_CODE_BUSY "busy"
#define PLUGIN_CODE_FAILED "failed"
#define PLUGIN_CODE_PERMISSION_DENIED "permission_denied"
#define PLUGIN_CODE_UNSUPPORTED "unsupported"
#define PLUGIN_CODE_NOT_FOUND "not_found"
#define PLUGIN_CODE_TIMEOUT "timeout"
#define PLUGIN_CODE_UNAVAILABLE "unavailable"
#define PLUGIN_CODE_BAD_ANSWER "bad_answer"
#define PLUGIN_CODE_STATUS "status"
#define PLUGIN_CODE_QUOTA_EXCEEDED "quota_exceeded"

/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Functions of the host. Text is UTF-8, with its length in bytes and no zero byte behind it.
 */

/* Returns the bytes under a key.
 * key, key_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `kv`. */
PLUGIN_IMPORT("plugin_host", "kv_get")
plugin_packed plugin_host_kv_get(const char *key, uint32_t key_len);

/* Stores bytes under a key.
 * key, key_len: text.
 * value, value_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `kv`. */
PLUGIN_IMPORT("plugin_host", "kv_set")
plugin_packed plugin_host_kv_set(const char *key, uint32_t key_len, const uint8_t *value, uint32_t value_len);

/* Removes a key; returns whether it existed.
 * key, key_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `kv`. */
PLUGIN_IMPORT("plugin_host", "kv_delete")
plugin_packed plugin_host_kv_delete(const char *key, uint32_t key_len);

/* Returns the keys with a prefix, in alphabetical order.
 * prefix, prefix_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `kv`. */
PLUGIN_IMPORT("plugin_host", "kv_list")
plugin_packed plugin_host_kv_list(const char *prefix, uint32_t prefix_len);

/* Returns the contents of a file.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("plugin_host", "files_read")
plugin_packed plugin_host_files_read(const char *path, uint32_t path_len);

/* Creates or replaces a file.
 * path, path_len: text.
 * contents, contents_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("plugin_host", "files_write")
plugin_packed plugin_host_files_write(const char *path, uint32_t path_len, const uint8_t *contents, uint32_t contents_len);

/* Removes a file.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("plugin_host", "files_remove")
plugin_packed plugin_host_files_remove(const char *path, uint32_t path_len);

/* Returns the entries of a folder, in alphabetical order.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("plugin_host", "files_list")
plugin_packed plugin_host_files_list(const char *path, uint32_t path_len);

/* Sends a request and waits for the response, whatever its status.
 * head, head_len: JSON.
 * body, body_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `http`. */
PLUGIN_IMPORT("plugin_host", "http_send")
plugin_packed plugin_host_http_send(const char *head, uint32_t head_len, const uint8_t *body, uint32_t body_len);

/* Continues a conversation.
 * conversation, conversation_len: JSON.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `ai`. */
PLUGIN_IMPORT("plugin_host", "ai_chat")
plugin_packed plugin_host_ai_chat(const char *conversation, uint32_t conversation_len);

/* Emits an event to all subscribers; `data` is JSON.
 * topic, topic_len: text.
 * data, data_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `events`. */
PLUGIN_IMPORT("plugin_host", "events_emit")
plugin_packed plugin_host_events_emit(const char *topic, uint32_t topic_len, const uint8_t *data, uint32_t data_len);

/* Subscribes the plugin's handlers to events whose topic matches.
 * topic, topic_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `events`. */
PLUGIN_IMPORT("plugin_host", "events_subscribe")
plugin_packed plugin_host_events_subscribe(const char *topic, uint32_t topic_len);

/* Cancels a subscription.
 * topic, topic_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `events`. */
PLUGIN_IMPORT("plugin_host", "events_unsubscribe")
plugin_packed plugin_host_events_unsubscribe(const char *topic, uint32_t topic_len);

/* Returns the value under a key as JSON.
 * key, key_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("plugin_host", "config_get")
plugin_packed plugin_host_config_get(const char *key, uint32_t key_len);

/* Returns the most detailed level that the host wants: 0 none, 1 error, 2 warn, 3 info, 4 debug, 5 trace. */
PLUGIN_IMPORT("plugin_host", "log_max_level")
uint32_t plugin_host_log_max_level(void);

/* Writes a line.
 * target, target_len: text.
 * message, message_len: text. */
PLUGIN_IMPORT("plugin_host", "log_write")
void plugin_host_log_write(uint32_t level, const char *target, uint32_t target_len, const char *message, uint32_t message_len);

/* Writes the nanoseconds since 1970-01-01 00:00 UTC.
 * nanoseconds: 8 bytes, which the host changes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("plugin_host", "time_now")
plugin_packed plugin_host_time_now(void *nanoseconds);

/* Writes the nanoseconds since an arbitrary moment; never goes back.
 * nanoseconds: 8 bytes, which the host changes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("plugin_host", "time_monotonic")
plugin_packed plugin_host_time_monotonic(void *nanoseconds);

/* Fills a buffer with bytes fit for keys.
 * bytes, bytes_len: bytes, which the host changes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing. */
PLUGIN_IMPORT("plugin_host", "random_fill")
plugin_packed plugin_host_random_fill(uint8_t *bytes, uint32_t bytes_len);

#endif
