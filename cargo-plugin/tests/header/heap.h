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
