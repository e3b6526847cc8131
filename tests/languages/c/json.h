/* As much JSON as the greeter needs: strict reading of objects whose members are texts and small
 * numbers, and writing of texts. A plugin with a JSON library uses that instead. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

/* A growing buffer of bytes. */
struct text {
    char *bytes;
    uint32_t len, room;
};

void text_add(struct text *text, const char *bytes, uint32_t len);
void text_add_literal(struct text *text, const char *literal);
void text_add_number(struct text *text, uint64_t number);
/* Adds a text as JSON, with quotation marks. */
void text_add_json(struct text *text, const char *bytes, uint32_t len);
void text_drop(struct text *text);

/* A position in JSON text. */
struct json {
    const uint8_t *begin, *at, *end;
    bool broken;
};

struct json json_of(const uint8_t *bytes, uint32_t len);
/* Returns the position of the mistake, in bytes. */
uint32_t json_offset(const struct json *json);
/* Begins an object. Returns false if the value is not an object. */
bool json_object(struct json *json);
/* Moves to the next member of the object, and reads its name. Returns false if there is no other
 * member, after which the text must end, or if the text is not JSON. */
bool json_member(struct json *json, struct text *name);
/* Read a value. Return false if it is of another kind, which is then skipped, or not JSON. */
bool json_text(struct json *json, struct text *value);
bool json_unsigned(struct json *json, uint32_t most, uint32_t *value);

#endif
