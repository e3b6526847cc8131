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
