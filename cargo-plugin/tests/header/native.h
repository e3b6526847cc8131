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
#define PLUGIN_ABI_VERSION @VERSION@

/* What addresses of PLUGIN_ALLOC must be a multiple of. */
#define PLUGIN_ALIGNMENT @ALIGNMENT@

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
#define PLUGIN_COMMAND(NAME, ARGUMENTS, LEN) PLUGIN_CALL_("@COMMAND@" #NAME, plugin_command_##NAME, ARGUMENTS, LEN)

/* Many inputs of a command in one call. Before each input and each answer stands a number of plugin_item_header, little-endian. */
#define PLUGIN_BATCH(NAME, INPUTS, LEN) PLUGIN_CALL_("@BATCH@" #NAME, plugin_batch_##NAME, INPUTS, LEN)

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

PLUGIN_STATIC_ASSERT(sizeof(plugin_panic_record) == @PANIC_RECORD_SIZE@, "the panic record has the ABI's size");

/* The record's symbol is the export that tells the version. A variable is exported by the linker alone: -Wl,--export=@VERSION_EXPORT@ */
PLUGIN_C plugin_panic_record @VERSION_EXPORT@;
#define PLUGIN_DEFINE_PANIC_RECORD plugin_panic_record @VERSION_EXPORT@ = {0, 0, 0, 0, 0, 0}

/* The longest message that hosts read, in bytes. */
#define PLUGIN_MAX_PANIC_MESSAGE UINT32_C(@MAX_PANIC_MESSAGE@)

/* Notes what is wrong, and ends the instance. The message stays where it is, so it may be of any memory that nobody else changes. */
__attribute__((noreturn, unused)) static inline void plugin_panic(const char *message, size_t message_len, const char *file, size_t file_len, uint32_t line) {
    if (message_len > PLUGIN_MAX_PANIC_MESSAGE) {
        message_len = PLUGIN_MAX_PANIC_MESSAGE;
        /* Not within a character. */
        while (message_len > 0 && ((unsigned char)message[message_len] & 0xC0) == 0x80) {
            message_len--;
        }
    }
    @VERSION_EXPORT@.message = (uint32_t)(uintptr_t)message;
    @VERSION_EXPORT@.message_len = (uint32_t)message_len;
    @VERSION_EXPORT@.file = (uint32_t)(uintptr_t)file;
    @VERSION_EXPORT@.file_len = (uint32_t)file_len;
    @VERSION_EXPORT@.line = line;
    @VERSION_EXPORT@.column = 0;
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
#define PLUGIN_MANIFEST_FILE(PATH) __asm__(".section \".custom_section.@SECTION@\",\"\",@\n.incbin \"" PATH "\"\n")
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

PLUGIN_STATIC_ASSERT(sizeof(plugin_heap_record) == @HEAP_RECORD_SIZE@, "the heap record has the ABI's size");

/* Defined by a plugin that counts, and exported as the panic record is: -Wl,--export=@HEAP_EXPORT@ */
PLUGIN_C plugin_heap_record @HEAP_EXPORT@;
