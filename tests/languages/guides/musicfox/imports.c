// A part that the guide's sample omits: the guide's host passes three functions by position, so a
// plugin must import all three. The sample calls only one.

#include "host.h"

__attribute__((used)) static void (*const all_three[])(void) = {
    (void (*)(void))host_log,
    (void (*)(void))host_get_config,
    (void (*)(void))host_emit_event,
};
