// What a host reads after a panic: `throw`, and whatever the language's own library refuses.

/** The panic record, whose address tells the version as well. */
export const plugin_abi_1: usize = memory.data(24, 16);

/** What the compiler calls for `throw`, by the option `--use abort=panic/note`. */
export function note(message: string | null, file: string | null, line: u32, column: u32): void {
  noteText(0, message);
  noteText(8, file);
  store<u32>(plugin_abi_1, line, 16);
  store<u32>(plugin_abi_1, column, 20);
  unreachable();
}

function noteText(field: usize, text: string | null): void {
  if (text === null) return;
  // 341 of UTF-16's units are at most 1023 bytes, and end with a whole character or half of one that is left out.
  let end = min(text.length, 341);
  if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) == 0xd800) end--;
  const bytes = String.UTF8.encode(text.substring(0, end));
  store<u32>(plugin_abi_1 + field, changetype<usize>(bytes));
  store<u32>(plugin_abi_1 + field, bytes.byteLength, 4);
}
