/* As much JSON as the greeter needs: objects whose members are texts and small numbers, read strictly, and texts written. Whoever has a library for it
 * uses that instead. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that grow. */
struct text {
    char *bytes;
    uint32_t len, room;
};

void text_add(struct text *text, const char *bytes, uint32_t len);
void text_add_literal(struct text *text, const char *literal);
void text_add_number(struct text *text, uint64_t number);
/* A text as JSON, with quotation marks. */
void text_add_json(struct text *text, const char *bytes, uint32_t len);
void text_drop(struct text *text);

/* A place in JSON text. */
struct json {
    const uint8_t *begin, *at, *end;
    bool broken;
};

struct json json_of(const uint8_t *bytes, uint32_t len);
/* Where it goes wrong. */
uint32_t json_offset(const struct json *json);
/* Begins an object; false if it is something else. */
bool json_object(struct json *json);
/* Goes on to an object's next member, and reads its name; false at the end of the text, which must come then, or where it is no JSON. */
bool json_member(struct json *json, struct text *name);
/* Each is false where the value is of another kind, and is read over then; or where it is no JSON. */
bool json_text(struct json *json, struct text *value);
bool json_unsigned(struct json *json, uint32_t most, uint32_t *value);

#endif
