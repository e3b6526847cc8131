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

/* The record's symbol is an export. A variable is exported by the linker alone: -Wl,--export=@PANIC_EXPORT@ */
PLUGIN_C plugin_panic_record @PANIC_EXPORT@;
#define PLUGIN_DEFINE_PANIC_RECORD plugin_panic_record @PANIC_EXPORT@ = {0, 0, 0, 0, 0, 0}

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
    @PANIC_EXPORT@.message = (uint32_t)(uintptr_t)message;
    @PANIC_EXPORT@.message_len = (uint32_t)message_len;
    @PANIC_EXPORT@.file = (uint32_t)(uintptr_t)file;
    @PANIC_EXPORT@.file_len = (uint32_t)file_len;
    @PANIC_EXPORT@.line = line;
    @PANIC_EXPORT@.column = 0;
    __builtin_trap();
}

/* A panic here, with a message of so many bytes; one with a literal. */
#define PLUGIN_PANIC(MESSAGE, LEN) plugin_panic((MESSAGE), (LEN), __FILE__, sizeof __FILE__ - 1, (uint32_t)__LINE__)
#define PLUGIN_PANIC_LITERAL(MESSAGE) PLUGIN_PANIC("" MESSAGE, sizeof MESSAGE - 1)
