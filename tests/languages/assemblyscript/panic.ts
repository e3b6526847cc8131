// The panic record, which a host reads after `throw` or a failure in the language's own library.

/** The maximum length of a text that hosts read, in bytes. */
const MAX_MESSAGE: usize = 1024;

/** The panic record. The name of this export is the ABI version. */
export const plugin_abi_1: usize = memory.data(24, 16);

/** Called for `throw`, by the compiler option `--use abort=panic/note`. */
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
    // Do not cut a character.
    while ((load<u8>(address + len) & 0xc0) == 0x80) len--;
  }
  store<u32>(plugin_abi_1 + field, <u32>address);
  store<u32>(plugin_abi_1 + field, <u32>len, 4);
}
