/* ------------------------------------------------------------------------------------------------------------------------------------------------
 * Manifest
 */

/* Puts a file's lines into the section that hosts read without running anything. Each line is a JSON object, and the last ends with a line feed, too. The
 * file is looked for as an included one is, in the folders of -I. Clang puts variables that name a section into the memory, so this is the assembler's. */
#ifdef __wasm__
#define PLUGIN_MANIFEST_FILE(PATH) __asm__(".section \".custom_section.@SECTION@\",\"\",@\n.incbin \"" PATH "\"\n")
#else
#define PLUGIN_MANIFEST_FILE(PATH) PLUGIN_STATIC_ASSERT(sizeof PATH > 1, "the manifest has a path")
#endif
