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
