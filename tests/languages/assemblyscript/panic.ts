// What a host reads after a panic: `throw`, and whatever the language's own library refuses.

/** The longest text that hosts read, in bytes. */
const MAX_MESSAGE: usize = 1024;

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
  const bytes = String.UTF8.encode(text);
  const address = changetype<usize>(bytes);
  let len: usize = bytes.byteLength;
  if (len > MAX_MESSAGE) {
    len = MAX_MESSAGE;
    // Not within a character.
    while ((load<u8>(address + len) & 0xc0) == 0x80) len--;
  }
  store<u32>(plugin_abi_1 + field, <u32>address);
  store<u32>(plugin_abi_1 + field, <u32>len, 4);
}
