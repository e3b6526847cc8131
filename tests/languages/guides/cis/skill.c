// The exports that CIS calls, which the README's example omits.

#include <stdlib.h>

void example();

__attribute__((export_name("skill_init"))) void skill_init(void) { example(); }

__attribute__((export_name("skill_shutdown"))) void skill_shutdown(void) {}

__attribute__((export_name("malloc"))) void *skill_malloc(size_t size) { return malloc(size); }

__attribute__((export_name("free"))) void skill_free(void *ptr) { free(ptr); }
