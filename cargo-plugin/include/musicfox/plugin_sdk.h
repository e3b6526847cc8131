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
 * Exports
 *
 * Each macro begins the definition of a function that the host calls. PLUGIN_DEFINE_PANIC_RECORD is in one of the source files.
 *
 * Functions that return an int32_t return 0 if they succeed, and otherwise a number below 0: -1 failed, -2 permission denied, -3 unsupported, -4 not
 * found, -5 invalid argument, -6 too large, -7 timeout, -8 unavailable. The reason goes to the log, at level 2.
 */

/* Makes the state of the plugin from a JSON configuration. */
#define PLUGIN_INITIALIZE(CONFIG, LEN)                                                                                                              \
    PLUGIN_EXPORT("initialize") int32_t plugin_initialize(const uint8_t *CONFIG, uint32_t LEN);                                                     \
    int32_t plugin_initialize(const uint8_t *CONFIG, uint32_t LEN)

/* Begins the work of the plugin. */
#define PLUGIN_START()                                                                                                                              \
    PLUGIN_EXPORT("start") int32_t plugin_start(void);                                                                                              \
    int32_t plugin_start(void)

/* Ends the work of the plugin. */
#define PLUGIN_STOP()                                                                                                                               \
    PLUGIN_EXPORT("stop") int32_t plugin_stop(void);                                                                                                \
    int32_t plugin_stop(void)

/* Ends the life of the plugin. */
#define PLUGIN_CLEANUP()                                                                                                                            \
    PLUGIN_EXPORT("cleanup") int32_t plugin_cleanup(void);                                                                                          \
    int32_t plugin_cleanup(void)

/* Takes a block of audio, and writes at most 2 * LEN bytes to OUTPUT. Returns how many it wrote. */
#define PLUGIN_PROCESS_AUDIO(INPUT, LEN, OUTPUT)                                                                                                    \
    PLUGIN_EXPORT("process_audio") int32_t plugin_process_audio(const uint8_t *INPUT, uint32_t LEN, uint8_t *OUTPUT);                               \
    int32_t plugin_process_audio(const uint8_t *INPUT, uint32_t LEN, uint8_t *OUTPUT)

/* Takes an event: JSON {"type", "data"}. Optional. */
#define PLUGIN_HANDLE_EVENT(EVENT, LEN)                                                                                                             \
    PLUGIN_EXPORT("handle_event") int32_t plugin_handle_event(const uint8_t *EVENT, uint32_t LEN);                                                  \
    int32_t plugin_handle_event(const uint8_t *EVENT, uint32_t LEN)

/* Describes the plugin, by a literal of JSON: {"id", "name", "version", "description", "author", "tags"}. */
#define PLUGIN_METADATA(TEXT)                                                                                                                       \
    PLUGIN_EXPORT("get_metadata") const char *plugin_get_metadata(void);                                                                            \
    const char *plugin_get_metadata(void) { return TEXT; }

/* Names the version, by a literal; the same as in the metadata. Optional. */
#define PLUGIN_VERSION(TEXT)                                                                                                                        \
    PLUGIN_EXPORT("get_version") const char *plugin_get_version(void);                                                                              \
    const char *plugin_get_version(void) { return TEXT; }

/* Memory for the host: so many bytes; NULL if there is no memory, never NULL for size 0. */
#define PLUGIN_MALLOC(SIZE)                                                                                                                         \
    PLUGIN_EXPORT("malloc") void *plugin_alloc(uint32_t SIZE);                                                                                      \
    void *plugin_alloc(uint32_t SIZE)

/* Takes memory back from the host. Any other address, or a second time, must do nothing. */
#define PLUGIN_FREE(ADDRESS)                                                                                                                        \
    PLUGIN_EXPORT("free") void plugin_free(void *ADDRESS);                                                                                          \
    void plugin_free(void *ADDRESS)

/* The host links its three functions by position, so a plugin imports all three in this order, used or not. The linker takes them in the order in
 * which it meets them: put this into one file, the first on the command line, which calls none of them. `cargo plugin validate --host musicfox`
 * checks the order. */
#define PLUGIN_IMPORTS_IN_ORDER                                                                                                                     \
    __attribute__((used)) static void (*const plugin_imports_in_order[])(void) = {                                                                  \
        (void (*)(void))env_host_log, (void (*)(void))env_host_get_config, (void (*)(void))env_host_emit_event}

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

/* The record's symbol is an export. A variable is exported by the linker alone: -Wl,--export=plugin_panic_1 */
PLUGIN_C plugin_panic_record plugin_panic_1;
#define PLUGIN_DEFINE_PANIC_RECORD plugin_panic_record plugin_panic_1 = {0, 0, 0, 0, 0, 0}

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
    plugin_panic_1.message = (uint32_t)(uintptr_t)message;
    plugin_panic_1.message_len = (uint32_t)message_len;
    plugin_panic_1.file = (uint32_t)(uintptr_t)file;
    plugin_panic_1.file_len = (uint32_t)file_len;
    plugin_panic_1.line = line;
    plugin_panic_1.column = 0;
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
