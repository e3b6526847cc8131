#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "plugin_sdk.h"

/* The maximum depth of a value that is skipped. */
#define MAX_DEPTH 64

void text_add(struct text *text, const char *bytes, uint32_t len) {
    if (len > PLUGIN_MAX_LEN - text->len) {
        PLUGIN_PANIC_LITERAL("a text of 2^31 bytes or more");
    }
    if (text->len + len > text->room) {
        uint32_t room = text->len + len;
        room = room < 64 ? 64 : room < PLUGIN_MAX_LEN / 2 ? room * 2 : PLUGIN_MAX_LEN;
        char *grown = realloc(text->bytes, room);
        if (grown == NULL) {
            PLUGIN_PANIC_LITERAL("out of memory");
        }
        text->bytes = grown;
        text->room = room;
    }
    if (len > 0) {
        memcpy(text->bytes + text->len, bytes, len);
        text->len += len;
    }
}

void text_add_literal(struct text *text, const char *literal) {
    text_add(text, literal, (uint32_t)strlen(literal));
}

void text_add_number(struct text *text, uint64_t number) {
    char digits[20];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_add(text, digits + at, (uint32_t)sizeof digits - at);
}

void text_add_json(struct text *text, const char *bytes, uint32_t len) {
    static const char hex[] = "0123456789abcdef";
    text_add(text, "\"", 1);
    for (uint32_t nth = 0; nth < len; nth++) {
        unsigned char byte = (unsigned char)bytes[nth];
        if (byte == '"' || byte == '\\') {
            char escaped[] = {'\\', (char)byte};
            text_add(text, escaped, sizeof escaped);
        } else if (byte < 0x20) {
            char escaped[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
            text_add(text, escaped, sizeof escaped);
        } else {
            text_add(text, (const char *)&byte, 1);
        }
    }
    text_add(text, "\"", 1);
}

void text_drop(struct text *text) {
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

struct json json_of(const uint8_t *bytes, uint32_t len) {
    static const uint8_t empty[] = "{}";
    if (len == 0) {
        return (struct json){empty, empty, empty + 2, false};
    }
    return (struct json){bytes, bytes, bytes + len, false};
}

uint32_t json_offset(const struct json *json) {
    return (uint32_t)(json->at - json->begin);
}

static bool broken(struct json *json) {
    json->broken = true;
    return false;
}

/* Returns the next byte that is not white space; 0 at the end. */
static uint8_t peek(struct json *json) {
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r')) {
        json->at++;
    }
    return json->at < json->end ? *json->at : 0;
}

static bool take(struct json *json, uint8_t byte) {
    if (peek(json) != byte) {
        return false;
    }
    json->at++;
    return true;
}

static bool hexadecimal(struct json *json, uint32_t *number) {
    *number = 0;
    for (int nth = 0; nth < 4; nth++) {
        uint8_t digit = json->at < json->end ? *json->at : 0;
        uint32_t value;
        if (digit >= '0' && digit <= '9') {
            value = digit - (uint32_t)'0';
        } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
            value = (digit | 0x20u) - 'a' + 10;
        } else {
            return broken(json);
        }
        *number = *number << 4 | value;
        json->at++;
    }
    return true;
}

static void add_character(struct text *text, uint32_t c) {
    char bytes[4];
    uint32_t len = 0;
    if (c < 0x80) {
        bytes[len++] = (char)c;
    } else if (c < 0x800) {
        bytes[len++] = (char)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        bytes[len++] = (char)(0xE0 | c >> 12);
        bytes[len++] = (char)(0x80 | (c >> 6 & 63));
    } else {
        bytes[len++] = (char)(0xF0 | c >> 18);
        bytes[len++] = (char)(0x80 | (c >> 12 & 63));
        bytes[len++] = (char)(0x80 | (c >> 6 & 63));
    }
    if (c >= 0x80) {
        bytes[len++] = (char)(0x80 | (c & 63));
    }
    text_add(text, bytes, len);
}

static bool escape(struct json *json, struct text *text) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint8_t letter = json->at < json->end ? *json->at : 0;
    const char *known = letter == 0 ? NULL : strchr(letters, letter);
    if (known != NULL) {
        json->at++;
        text_add(text, meant + (known - letters), 1);
        return true;
    }
    uint32_t c, low;
    if (letter != 'u') {
        return broken(json);
    }
    json->at++;
    if (!hexadecimal(json, &c)) {
        return false;
    }
    if (c >= 0xDC00 && c < 0xE000) {
        return broken(json);
    }
    if (c >= 0xD800 && c < 0xDC00) {
        if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u') {
            return broken(json);
        }
        json->at += 2;
        if (!hexadecimal(json, &low)) {
            return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            return broken(json);
        }
        c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
    }
    add_character(text, c);
    return true;
}

/* Reads a UTF-8 character of several bytes, which must be as short as possible and no surrogate. */
static bool wide(struct json *json, struct text *text) {
    const uint8_t *at = json->at;
    uint32_t more = *at >= 0xF0 && *at < 0xF5 ? 3 : *at >= 0xE0 && *at < 0xF0 ? 2 : *at >= 0xC2 && *at < 0xE0 ? 1 : 0;
    if (more == 0 || (size_t)(json->end - at) <= more) {
        return broken(json);
    }
    for (uint32_t nth = 1; nth <= more; nth++) {
        if ((at[nth] & 0xC0) != 0x80) {
            return broken(json);
        }
    }
    if ((*at == 0xE0 && at[1] < 0xA0) || (*at == 0xED && at[1] > 0x9F) || (*at == 0xF0 && at[1] < 0x90) || (*at == 0xF4 && at[1] > 0x8F)) {
        return broken(json);
    }
    text_add(text, (const char *)at, more + 1);
    json->at += more + 1;
    return true;
}

static bool string(struct json *json, struct text *text) {
    text->len = 0;
    if (!take(json, '"')) {
        return broken(json);
    }
    while (json->at < json->end) {
        uint8_t byte = *json->at;
        if (byte == '"') {
            json->at++;
            return true;
        }
        if (byte < 0x20) {
            return broken(json);
        }
        if (byte >= 0x80) {
            if (!wide(json, text)) {
                return false;
            }
            continue;
        }
        json->at++;
        if (byte != '\\') {
            text_add(text, (const char *)&byte, 1);
        } else if (!escape(json, text)) {
            return false;
        }
    }
    return broken(json);
}

static bool digits(struct json *json) {
    const uint8_t *from = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        json->at++;
    }
    return json->at > from || broken(json);
}

static bool number(struct json *json) {
    if (peek(json) == '-') {
        json->at++;
    }
    if (json->at < json->end && *json->at == '0') {
        json->at++;
    } else if (!digits(json)) {
        return false;
    }
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!digits(json)) {
            return false;
        }
    }
    if (json->at < json->end && (*json->at | 0x20) == 'e') {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-')) {
            json->at++;
        }
        return digits(json);
    }
    return true;
}

static bool word(struct json *json, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0) {
        return broken(json);
    }
    json->at += len;
    return true;
}

/* Skips a value. */
static bool skip(struct json *json, uint32_t depth) {
    uint8_t first = peek(json);
    struct text ignored = {0};
    bool valid;
    switch (first) {
    case '"':
        valid = string(json, &ignored);
        text_drop(&ignored);
        return valid;
    case 't':
        return word(json, "true");
    case 'f':
        return word(json, "false");
    case 'n':
        return word(json, "null");
    case '[':
    case '{':
        break;
    default:
        return number(json);
    }
    uint8_t last = first == '[' ? ']' : '}';
    json->at++;
    if (depth == MAX_DEPTH) {
        return broken(json);
    }
    if (take(json, last)) {
        return true;
    }
    do {
        if (first == '{') {
            valid = string(json, &ignored);
            text_drop(&ignored);
            if (!valid || !(take(json, ':') || broken(json))) {
                return false;
            }
        }
        if (!skip(json, depth + 1)) {
            return false;
        }
    } while (take(json, ','));
    return take(json, last) || broken(json);
}

bool json_object(struct json *json) {
    return take(json, '{') || broken(json);
}

bool json_member(struct json *json, struct text *name) {
    bool first = json->at[-1] == '{';
    if (take(json, '}')) {
        if (peek(json) != 0 || json->at < json->end) {
            broken(json);
        }
        return false;
    }
    if (!first && !take(json, ',')) {
        return broken(json);
    }
    return string(json, name) && (take(json, ':') || broken(json));
}

bool json_text(struct json *json, struct text *value) {
    if (peek(json) == '"') {
        return string(json, value);
    }
    skip(json, 0);
    return false;
}

bool json_unsigned(struct json *json, uint32_t most, uint32_t *value) {
    peek(json);
    const uint8_t *at = json->at;
    if (!skip(json, 0)) {
        return false;
    }
    uint64_t read = 0;
    for (; at < json->at; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        read = read * 10 + (*at - (uint32_t)'0');
        if (read > most) {
            return false;
        }
    }
    *value = (uint32_t)read;
    return true;
}
