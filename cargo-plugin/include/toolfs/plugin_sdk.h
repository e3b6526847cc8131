/* plugin_sdk.h: plugins in C11 and C++, for ToolFS, by its interface for plugins. Made by `cargo plugin header --host toolfs` of version 0.1.0:
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
 * Exports
 *
 * Each macro begins the definition of a function that the host calls. PLUGIN_DEFINE_PANIC_RECORD is in one of the source files.
 *
 * Requests belong to the host and are there for the length of the call. Responses belong to the plugin, and must stay as they are until the next
 * call.
 */

/* Declares that the module has an instance of the plugin. */
#define PLUGIN_INSTANCE                                                                                                                             \
    PLUGIN_EXPORT("PluginInstance") uint32_t plugin_instance(void);                                                                                 \
    uint32_t plugin_instance(void) { return 1; }

/* Names the plugin, by a literal: its id. */
#define PLUGIN_NAME(TEXT)                                                                                                                           \
    PLUGIN_EXPORT("name") plugin_packed plugin_name(void);                                                                                          \
    plugin_packed plugin_name(void) { return plugin_pack("" TEXT, sizeof TEXT - 1); }

/* Names the version, by a literal. */
#define PLUGIN_VERSION(TEXT)                                                                                                                        \
    PLUGIN_EXPORT("version") plugin_packed plugin_version(void);                                                                                    \
    plugin_packed plugin_version(void) { return plugin_pack("" TEXT, sizeof TEXT - 1); }

/* Makes the state of the plugin from a JSON configuration. Returns 0, or a response with the reason if that failed. */
#define PLUGIN_INIT(CONFIG, LEN)                                                                                                                    \
    PLUGIN_EXPORT("init") plugin_packed plugin_init(const uint8_t *CONFIG, uint32_t LEN);                                                           \
    plugin_packed plugin_init(const uint8_t *CONFIG, uint32_t LEN)

/* Takes a request, JSON {"operation", "path"?, "data"?, "options"?}. Returns the response by plugin_pack: JSON {"success", "result"?, "error"?,
 * "metadata"?}. */
#define PLUGIN_EXECUTE(REQUEST, LEN)                                                                                                                \
    PLUGIN_EXPORT("execute") plugin_packed plugin_execute(const uint8_t *REQUEST, uint32_t LEN);                                                    \
    plugin_packed plugin_execute(const uint8_t *REQUEST, uint32_t LEN)

/* Memory for the host: so many bytes; NULL if there is no memory, never NULL for size 0. */
#define PLUGIN_ALLOC(SIZE)                                                                                                                          \
    PLUGIN_EXPORT("alloc") void *plugin_alloc(uint32_t SIZE);                                                                                       \
    void *plugin_alloc(uint32_t SIZE)

/* Takes memory back from the host. Any other address, or a second time, must do nothing. */
#define PLUGIN_FREE(ADDRESS, SIZE)                                                                                                                  \
    PLUGIN_EXPORT("free") void plugin_free(void *ADDRESS, uint32_t SIZE);                                                                           \
    void plugin_free(void *ADDRESS, uint32_t SIZE)

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

/* Returns the contents of a file.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("toolfs", "read_file")
plugin_packed toolfs_read_file(const char *path, uint32_t path_len);

/* Creates or replaces a file.
 * path, path_len: text.
 * data, data_len: bytes.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("toolfs", "write_file")
plugin_packed toolfs_write_file(const char *path, uint32_t path_len, const uint8_t *data, uint32_t data_len);

/* Returns the names of the entries of a folder.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("toolfs", "list_dir")
plugin_packed toolfs_list_dir(const char *path, uint32_t path_len);

/* Returns the metadata of a file or a folder.
 * path, path_len: text.
 * Gives back packed bytes or an error, in memory that the host allocated in this plugin and that the plugin frees; 0 is nothing.
 * Needs the permission `files`. */
PLUGIN_IMPORT("toolfs", "stat")
plugin_packed toolfs_stat(const char *path, uint32_t path_len);

#endif
