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
