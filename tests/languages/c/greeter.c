/* A plugin in C that greets people and counts them. It follows `docs/abi.md` and uses the header
 * that `cargo plugin header` prints. */
#include "plugin_sdk.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

PLUGIN_DEFINE_PANIC_RECORD;
PLUGIN_MANIFEST_FILE("c/identity.jsonl");
PLUGIN_MANIFEST_FILE("commands.jsonl");

/* Log levels. */
enum { INFO = 3 };

/* ---- Memory: `free` must know what `alloc` returned, so each block is in a list. ---- */

struct block {
    struct block *previous, *next;
    uint64_t padding; /* what follows has the block's alignment */
};

PLUGIN_STATIC_ASSERT(sizeof(struct block) == PLUGIN_ALIGNMENT, "what follows a block has its alignment");

static struct block blocks = {&blocks, &blocks, 0};

/* The result of the last call, if it is in a block. */
static struct block *result;

PLUGIN_ALLOC(size) {
    if (size > PLUGIN_MAX_LEN - sizeof(struct block)) {
        return NULL;
    }
    struct block *block = aligned_alloc(PLUGIN_ALIGNMENT, (sizeof *block + size + PLUGIN_ALIGNMENT - 1) / PLUGIN_ALIGNMENT * PLUGIN_ALIGNMENT);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){&blocks, blocks.next, 0};
    block->next->previous = block;
    blocks.next = block;
    return block + 1;
}

/* Returns the block at an address. The host may pass any address, so it is only compared. */
static struct block *find(const void *address) {
    for (struct block *block = blocks.next; block != &blocks; block = block->next) {
        if (block + 1 == address) {
            return block;
        }
    }
    return NULL;
}

static void drop(struct block *block) {
    if (block == NULL) {
        return;
    }
    if (result == block) {
        result = NULL;
    }
    block->previous->next = block->next;
    block->next->previous = block->previous;
    free(block);
}

PLUGIN_FREE(address, size) {
    (void)size;
    drop(find(address));
}

/* ---- Calls ---- */

/* True during a call: the host must not make another call then. */
static bool busy;

/* Keeps a block as the result, and drops the previous result, which may have held the arguments of
 * this call. */
static void keep(struct block *block) {
    struct block *before = result;
    result = block;
    if (before != block) {
        drop(before);
    }
}

static plugin_packed answer(struct text *text, bool failed) {
    void *bytes = plugin_alloc(text->len);
    if (bytes == NULL) {
        PLUGIN_PANIC_LITERAL("out of memory");
    }
    memcpy(bytes, text->bytes, text->len);
    keep(find(bytes));
    plugin_packed packed = failed ? plugin_pack_error(bytes, text->len) : plugin_pack(bytes, text->len);
    text_drop(text);
    busy = false;
    return packed;
}

static plugin_packed nothing(void) {
    struct text text = {0};
    text_add_literal(&text, "null");
    return answer(&text, false);
}

/* Returns an answer of the host, which is in a block from our `alloc`. */
static plugin_packed pass_on(plugin_packed packed) {
    keep(find(plugin_unpack(packed).address));
    busy = false;
    return packed;
}

static struct text error(const char *code, const char *message) {
    struct text text = {0};
    text_add_literal(&text, "{\"code\":");
    text_add_json(&text, code, (uint32_t)strlen(code));
    text_add_literal(&text, ",\"message\":");
    text_add_json(&text, message, (uint32_t)strlen(message));
    return text;
}

static plugin_packed fail(struct text *error) {
    text_add_literal(error, "}");
    return answer(error, true);
}

static plugin_packed refused(void) {
    /* The running call needs `result`. */
    static const char text[] = "{\"code\":\"" PLUGIN_CODE_BUSY "\",\"message\":\"the plugin is in the middle of a call\"}";
    return plugin_pack_error(text, sizeof text - 1);
}

/* ---- Arguments ---- */

enum kind { TEXT, UNSIGNED };

/* An argument of a command. */
struct argument {
    const char *name;
    enum kind kind;
    bool required, given;
    struct text text;
    uint32_t number, most;
};

static void forget(struct argument *arguments, uint32_t count) {
    for (uint32_t nth = 0; nth < count; nth++) {
        text_drop(&arguments[nth].text);
    }
}

static struct text wrong(const struct argument *argument) {
    struct text text = error(PLUGIN_CODE_INVALID_ARGUMENT, argument->kind == TEXT ? "it must be a text" : "it must be an integer from 0 to 255");
    text_add_literal(&text, ",\"details\":{\"path\":");
    text_add_json(&text, argument->name, (uint32_t)strlen(argument->name));
    text_add_literal(&text, argument->kind == TEXT ? ",\"expected\":\"a string\"}" : ",\"expected\":\"an integer from 0 to 255\"}");
    return text;
}

static struct text unknown(const struct text *name, const struct argument *arguments, uint32_t count, bool config) {
    struct text text = error(config ? PLUGIN_CODE_INVALID_ARGUMENT : PLUGIN_CODE_UNKNOWN_ARGUMENT, "nothing here has this name");
    text_add_literal(&text, config ? ",\"details\":{\"path\":" : ",\"details\":{\"argument\":");
    text_add_json(&text, name->bytes, name->len);
    text_add_literal(&text, ",\"expected\":[");
    for (uint32_t nth = 0; nth < count; nth++) {
        text_add_literal(&text, nth > 0 ? "," : "");
        text_add_json(&text, arguments[nth].name, (uint32_t)strlen(arguments[nth].name));
    }
    text_add_literal(&text, "]}");
    return text;
}

/* Reads the members of an object. Returns false and writes an error if that fails. */
static bool read(const uint8_t *bytes, uint32_t len, struct argument *arguments, uint32_t count, bool config, struct text *failure) {
    struct json json = json_of(bytes, len);
    struct text name = {0};
    bool valid = json_object(&json);
    while (valid && json_member(&json, &name)) {
        struct argument *argument = NULL;
        for (uint32_t nth = 0; nth < count; nth++) {
            if (strlen(arguments[nth].name) == name.len && memcmp(arguments[nth].name, name.bytes, name.len) == 0) {
                argument = &arguments[nth];
            }
        }
        if (argument == NULL) {
            *failure = unknown(&name, arguments, count, config);
            text_drop(&name);
            return false;
        }
        bool fits = argument->kind == TEXT ? json_text(&json, &argument->text) : json_unsigned(&json, argument->most, &argument->number);
        if (!fits && !json.broken) {
            *failure = wrong(argument);
            text_drop(&name);
            return false;
        }
        argument->given = true;
        valid = fits;
    }
    text_drop(&name);
    if (json.broken) {
        *failure = error(PLUGIN_CODE_INVALID_JSON, "the arguments are not a JSON object");
        text_add_literal(failure, ",\"details\":{\"offset\":");
        text_add_number(failure, json_offset(&json));
        text_add_literal(failure, "}");
        return false;
    }
    for (uint32_t nth = 0; nth < count; nth++) {
        if (arguments[nth].required && !arguments[nth].given) {
            *failure = error(PLUGIN_CODE_MISSING_ARGUMENT, "an argument is missing");
            text_add_literal(failure, ",\"details\":{\"argument\":");
            text_add_json(failure, arguments[nth].name, (uint32_t)strlen(arguments[nth].name));
            text_add_literal(failure, "}");
            return false;
        }
    }
    return true;
}

/* ---- The plugin ---- */

/* `level` is the most detailed log level that the host wants; -1 before the plugin has asked. */
static struct {
    struct text greeting;
    uint64_t greeted;
    int32_t level;
} state = {.level = -1};

/* Begins a call. Returns false if another call is running. */
static bool begin(void) {
    if (busy) {
        return false;
    }
    busy = true;
    if (state.level < 0) {
        state.level = (int32_t)plugin_host_log_max_level();
        text_add_literal(&state.greeting, "Hello");
    }
    return true;
}

PLUGIN_INIT(config, len) {
    if (!begin()) {
        return refused();
    }
    struct argument arguments[] = {{.name = "greeting", .kind = TEXT}};
    struct text failure;
    if (!read(config, len, arguments, 1, true, &failure)) {
        forget(arguments, 1);
        return fail(&failure);
    }
    if (!arguments[0].given) {
        text_add_literal(&arguments[0].text, "Hello");
    }
    if (arguments[0].text.len == 0) {
        forget(arguments, 1);
        failure = error(PLUGIN_CODE_INIT_FAILED, "the greeting must not be empty");
        return fail(&failure);
    }
    text_drop(&state.greeting);
    state.greeting = arguments[0].text;
    state.greeted = 0;
    state.level = (int32_t)plugin_host_log_max_level();
    return nothing();
}

PLUGIN_CLEANUP() {
    if (busy) {
        return;
    }
    drop(result);
    text_drop(&state.greeting);
    state.greeted = 0;
    state.level = -1;
}

PLUGIN_COMMAND(greet, bytes, len) {
    if (!begin()) {
        return refused();
    }
    struct argument arguments[] = {{.name = "name", .kind = TEXT, .required = true}, {.name = "times", .kind = UNSIGNED, .number = 1, .most = 255}};
    struct text failure;
    if (!read(bytes, len, arguments, 2, false, &failure)) {
        forget(arguments, 2);
        return fail(&failure);
    }
    const struct text *name = &arguments[0].text;
    if (name->len == 0) {
        forget(arguments, 2);
        failure = error("name_empty", "a name is needed to greet somebody");
        return fail(&failure);
    }
    if (state.level >= INFO) {
        struct text line = {0};
        text_add_literal(&line, "greeting ");
        text_add(&line, name->bytes, name->len);
        plugin_host_log_write(INFO, "greeter", 7, line.bytes, line.len);
        text_drop(&line);
    }
    struct text message = {0}, json = {0};
    for (uint32_t nth = 0; nth < arguments[1].number; nth++) {
        text_add_literal(&message, nth > 0 ? "\n" : "");
        text_add(&message, state.greeting.bytes, state.greeting.len);
        text_add_literal(&message, ", ");
        text_add(&message, name->bytes, name->len);
        text_add_literal(&message, "!");
    }
    state.greeted++;
    text_add_literal(&json, "{\"message\":");
    text_add_json(&json, message.bytes, message.len);
    text_add_literal(&json, ",\"greeted\":");
    text_add_number(&json, state.greeted);
    text_add_literal(&json, "}");
    text_drop(&message);
    forget(arguments, 2);
    return answer(&json, false);
}

PLUGIN_COMMAND(greeted, bytes, len) {
    if (!begin()) {
        return refused();
    }
    struct text text = {0};
    if (!read(bytes, len, NULL, 0, false, &text)) {
        return fail(&text);
    }
    text_add_number(&text, state.greeted);
    return answer(&text, false);
}

/* A raw command that works in place: its result is its arguments. They may be inside the previous
 * result, which is therefore kept. */
PLUGIN_COMMAND(halve, bytes, len) {
    if (!begin()) {
        return refused();
    }
    if (len % sizeof(float) != 0 || (len > 0 && (uintptr_t)bytes % sizeof(float) != 0)) {
        struct text failure = error(PLUGIN_CODE_INVALID_ARGUMENT, "the bytes are not whole, aligned 32-bit floats");
        return fail(&failure);
    }
    float *numbers = (float *)bytes;
    for (uint32_t nth = 0; nth < len / sizeof(float); nth++) {
        numbers[nth] /= 2;
    }
    busy = false;
    return plugin_pack(bytes, len);
}

PLUGIN_COMMAND(remember, bytes, len) {
    if (!begin()) {
        return refused();
    }
    struct argument arguments[] = {{.name = "name", .kind = TEXT, .required = true}};
    struct text failure;
    if (!read(bytes, len, arguments, 1, false, &failure)) {
        forget(arguments, 1);
        return fail(&failure);
    }
    plugin_packed packed = plugin_host_kv_set("last", 4, (const uint8_t *)arguments[0].text.bytes, arguments[0].text.len);
    forget(arguments, 1);
    if (plugin_unpack(packed).failed) {
        return pass_on(packed);
    }
    drop(find(plugin_unpack(packed).address));
    return nothing();
}

PLUGIN_COMMAND(last, bytes, len) {
    if (!begin()) {
        return refused();
    }
    struct text text = {0};
    if (!read(bytes, len, NULL, 0, false, &text)) {
        return fail(&text);
    }
    plugin_packed packed = plugin_host_kv_get("last", 4);
    plugin_bytes value = plugin_unpack(packed);
    if (value.failed) {
        return pass_on(packed);
    }
    if (packed == 0) {
        return nothing();
    }
    text_add_json(&text, (const char *)value.address, value.len);
    drop(find(value.address));
    return answer(&text, false);
}

PLUGIN_COMMAND(panic, bytes, len) {
    if (!begin()) {
        return refused();
    }
    struct argument arguments[] = {{.name = "message", .kind = TEXT, .required = true}};
    struct text failure;
    if (!read(bytes, len, arguments, 1, false, &failure)) {
        forget(arguments, 1);
        return fail(&failure);
    }
    PLUGIN_PANIC(arguments[0].text.bytes, arguments[0].text.len); /* the line of the panic */
}
