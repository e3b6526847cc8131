/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Exports
 *
 * Each macro begins the definition of a function that the host calls. PLUGIN_DEFINE_PANIC_RECORD is in one of the source files.
 *
 * Arguments belong to the host and are there for the length of the call. Results belong to the plugin, and must stay as they are until the next
 * call.
 */

/* Makes the state of the plugin from a JSON configuration. Returns 1, or 0 if that failed. */
#define PLUGIN_INIT(CONFIG, LEN)                                                                                                                    \
    PLUGIN_EXPORT("neotalk_init") uint32_t plugin_init(const uint8_t *CONFIG, uint32_t LEN);                                                        \
    uint32_t plugin_init(const uint8_t *CONFIG, uint32_t LEN)

/* Runs a command by its name, with a JSON object of arguments. Returns 0, or 1 if it failed. */
#define PLUGIN_COMMAND(NAME, NAME_LEN, ARGUMENTS, LEN)                                                                                              \
    PLUGIN_EXPORT("neotalk_command") uint32_t plugin_command(const char *NAME, uint32_t NAME_LEN, const uint8_t *ARGUMENTS, uint32_t LEN);          \
    uint32_t plugin_command(const char *NAME, uint32_t NAME_LEN, const uint8_t *ARGUMENTS, uint32_t LEN)

/* Writes where the JSON is that the last of these two left: a result, or {"error", "code"}. Returns 0, or 1 if there is nothing. */
#define PLUGIN_GET_RESULT(ADDRESS, LEN)                                                                                                             \
    PLUGIN_EXPORT("neotalk_get_result") uint32_t plugin_get_result(uint32_t *ADDRESS, uint32_t *LEN);                                               \
    uint32_t plugin_get_result(uint32_t *ADDRESS, uint32_t *LEN)

/* Ends the life of the plugin. */
#define PLUGIN_CLEANUP()                                                                                                                            \
    PLUGIN_EXPORT("neotalk_cleanup") void plugin_cleanup(void);                                                                                     \
    void plugin_cleanup(void)

/* Memory for the host: so many bytes; NULL if there is no memory, never NULL for size 0. */
#define PLUGIN_ALLOC(SIZE)                                                                                                                          \
    PLUGIN_EXPORT("neotalk_alloc") void *plugin_alloc(uint32_t SIZE);                                                                               \
    void *plugin_alloc(uint32_t SIZE)

/* Takes memory back from the host. Any other address, or a second time, must do nothing. */
#define PLUGIN_FREE(ADDRESS, SIZE)                                                                                                                  \
    PLUGIN_EXPORT("neotalk_free") void plugin_free(void *ADDRESS, uint32_t SIZE);                                                                   \
    void plugin_free(void *ADDRESS, uint32_t SIZE)
