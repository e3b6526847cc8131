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
