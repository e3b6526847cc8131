// What the guide's sample leaves out: the guide's host passes three functions by position, so that a plugin must import all three. The sample calls one.

#include "host.h"

__attribute__((used)) static void (*const all_three[])(void) = {
    (void (*)(void))host_log,
    (void (*)(void))host_get_config,
    (void (*)(void))host_emit_event,
};
