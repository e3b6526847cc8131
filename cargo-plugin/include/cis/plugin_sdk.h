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
 * Exports
 *
 * Each macro begins the definition of a function that the host calls. PLUGIN_DEFINE_PANIC_RECORD is in one of the source files.
 *
 * Arguments belong to the host and are there for the length of the call. Results belong to the skill, and must stay as they are until the next call.
 */

/* Makes the state of the skill. */
#define PLUGIN_INIT()                                                                                                                               \
    PLUGIN_EXPORT("skill_init") void plugin_init(void);                                                                                             \
    void plugin_init(void)

/* Runs a command by its name, with JSON as its arguments. Returns the result by plugin_pack, or 0 if it failed. Optional. */
#define PLUGIN_EXECUTE(NAME, NAME_LEN, ARGUMENTS, LEN)                                                                                              \
    PLUGIN_EXPORT("skill_execute") plugin_packed plugin_execute(const char *NAME, uint32_t NAME_LEN, const uint8_t *ARGUMENTS, uint32_t LEN);       \
    plugin_packed plugin_execute(const char *NAME, uint32_t NAME_LEN, const uint8_t *ARGUMENTS, uint32_t LEN)

/* Returns the error of the last command or event as JSON {"code", "message"}, or 0 if it did not fail. Optional. */
#define PLUGIN_LAST_ERROR()                                                                                                                         \
    PLUGIN_EXPORT("skill_last_error") plugin_packed plugin_last_error(void);                                                                        \
    plugin_packed plugin_last_error(void)

/* Takes an event: returns 0, or a number below 0 if that failed. Optional. */
#define PLUGIN_ON_EVENT(TYPE, TYPE_LEN, DATA, LEN)                                                                                                  \
    PLUGIN_EXPORT("skill_on_event") int32_t plugin_on_event(const char *TYPE, uint32_t TYPE_LEN, const uint8_t *DATA, uint32_t LEN);                \
    int32_t plugin_on_event(const char *TYPE, uint32_t TYPE_LEN, const uint8_t *DATA, uint32_t LEN)

/* Ends the life of the skill. */
#define PLUGIN_SHUTDOWN()                                                                                                                           \
    PLUGIN_EXPORT("skill_shutdown") void plugin_shutdown(void);                                                                                     \
    void plugin_shutdown(void)

/* Memory for the host: so many bytes; NULL if there is no memory, never NULL for size 0. */
#define PLUGIN_MALLOC(SIZE)                                                                                                                         \
    PLUGIN_EXPORT("malloc") void *plugin_alloc(uint32_t SIZE);                                                                                      \
    void *plugin_alloc(uint32_t SIZE)

/* Takes memory back from the host. Any other address, or a second time, must do nothing. */
#define PLUGIN_FREE(ADDRESS)                                                                                                                        \
    PLUGIN_EXPORT("free") void plugin_free(void *ADDRESS);                                                                                          \
    void plugin_free(void *ADDRESS)

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
