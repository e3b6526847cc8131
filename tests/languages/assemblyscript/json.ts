// As much JSON as the greeter needs: strict reading, from UTF-8, of objects whose members are texts
// and small numbers, and writing of texts.

/** The maximum depth of a value that is skipped. */
const MAX_DEPTH = 64;

/** A position in JSON text. */
export class Json {
  private begin: usize;
  private end: usize;
  private first: bool = true;
  broken: bool = false;

  constructor(private at: usize, len: u32) {
    this.begin = at;
    this.end = at + len;
  }

  /** The position of the mistake, in bytes. */
  get offset(): u32 {
    return <u32>(this.at - this.begin);
  }

  /** Begins an object. Returns false if the value is not an object. */
  object(): bool {
    if (this.begin == this.end) return true; // no bytes mean {}
    return this.expect(0x7b);
  }

  /**
   * Returns the name of the next member of the object. Returns null if there is no other member,
   * after which the text must end, or if the text is not JSON.
   */
  member(): string | null {
    if (this.begin == this.end) return null;
    if (this.take(0x7d)) {
      if (this.peek() != 0 || this.at < this.end) this.fail();
      return null;
    }
    if (!this.first && !this.expect(0x2c)) return null;
    this.first = false;
    const name = this.string();
    if (name === null || !this.expect(0x3a)) return null;
    return name;
  }

  /** Returns null if the value is of another kind, which is then skipped, or not JSON. */
  text(): string | null {
    if (this.peek() == 0x22) return this.string();
    this.skip(0);
    return null;
  }

  /** Returns -1 in the same cases. */
  unsigned(most: i32): i32 {
    this.peek();
    let at = this.at;
    if (!this.skip(0)) return -1;
    let value = 0;
    for (; at < this.at; at++) {
      const digit = <i32>load<u8>(at) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
      if (value > most) return -1;
    }
    return value;
  }

  private fail(): bool {
    this.broken = true;
    return false;
  }

  private now(): u32 {
    return this.at < this.end ? load<u8>(this.at) : 0;
  }

  /** Returns the next byte that is not white space; 0 at the end. */
  private peek(): u32 {
    let byte = this.now();
    while (byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d) {
      this.at++;
      byte = this.now();
    }
    return byte;
  }

  private take(byte: u32): bool {
    if (this.peek() != byte) return false;
    this.at++;
    return true;
  }

  private expect(byte: u32): bool {
    return this.take(byte) || this.fail();
  }

  private string(): string | null {
    if (!this.expect(0x22)) return null;
    const parts = new Array<string>();
    let from = this.at;
    while (this.at < this.end) {
      const byte = this.now();
      if (byte < 0x20) break;
      if (byte >= 0x80) {
        if (!this.wide(byte)) break;
        continue;
      }
      if (byte == 0x22 || byte == 0x5c) {
        if (this.at > from) parts.push(String.UTF8.decodeUnsafe(from, this.at - from));
        this.at++;
        if (byte == 0x22) return parts.join("");
        const escaped = this.escape();
        if (escaped === null) break;
        parts.push(escaped);
        from = this.at;
        continue;
      }
      this.at++;
    }
    this.fail();
    return null;
  }

  private escape(): string | null {
    const letter = this.now();
    this.at++;
    if (letter == 0x22 || letter == 0x5c || letter == 0x2f) return String.fromCharCode(letter);
    if (letter == 0x62) return "\b";
    if (letter == 0x66) return "\f";
    if (letter == 0x6e) return "\n";
    if (letter == 0x72) return "\r";
    if (letter == 0x74) return "\t";
    if (letter != 0x75) return null;
    const unit = this.hexadecimal();
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return null;
    if (unit < 0xd800 || unit >= 0xe000) return String.fromCharCode(unit);
    if (this.now() != 0x5c) return null;
    this.at++;
    if (this.now() != 0x75) return null;
    this.at++;
    const low = this.hexadecimal();
    if (low < 0xdc00 || low > 0xdfff) return null;
    return String.fromCharCode(unit) + String.fromCharCode(low);
  }

  private hexadecimal(): i32 {
    let value = 0;
    for (let nth = 0; nth < 4; nth++) {
      const byte = this.now();
      const letter = byte | 0x20;
      if (byte >= 0x30 && byte <= 0x39) value = (value << 4) | (byte - 0x30);
      else if (letter >= 0x61 && letter <= 0x66) value = (value << 4) | (letter - 0x61 + 10);
      else return -1;
      this.at++;
    }
    return value;
  }

  /** Reads a UTF-8 character of several bytes, which must be as short as possible, no surrogate. */
  private wide(first: u32): bool {
    const more: usize = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : 0;
    if (more == 0 || this.end - this.at <= more) return false;
    for (let nth: usize = 1; nth <= more; nth++) {
      if ((load<u8>(this.at + nth) & 0xc0) != 0x80) return false;
    }
    const second: u32 = load<u8>(this.at + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return false;
    this.at += more + 1;
    return true;
  }

  /** Skips a value. */
  private skip(depth: u32): bool {
    const first = this.peek();
    if (first == 0x22) return this.string() !== null;
    if (first == 0x74) return this.word("true");
    if (first == 0x66) return this.word("false");
    if (first == 0x6e) return this.word("null");
    if (first != 0x5b && first != 0x7b) return this.number();
    if (depth == MAX_DEPTH) return this.fail();
    const last = first == 0x5b ? 0x5d : 0x7d;
    this.at++;
    if (this.take(last)) return true;
    do {
      if (first == 0x7b && (this.string() === null || !this.expect(0x3a))) return false;
      if (!this.skip(depth + 1)) return false;
    } while (this.take(0x2c));
    return this.expect(last);
  }

  private word(word: string): bool {
    for (let nth = 0; nth < word.length; nth++) {
      if (this.now() != word.charCodeAt(nth)) return this.fail();
      this.at++;
    }
    return true;
  }

  private digits(): bool {
    const from = this.at;
    while (this.now() >= 0x30 && this.now() <= 0x39) this.at++;
    return this.at > from || this.fail();
  }

  private number(): bool {
    if (this.now() == 0x2d) this.at++;
    if (this.now() == 0x30) this.at++;
    else if (!this.digits()) return false;
    if (this.now() == 0x2e) {
      this.at++;
      if (!this.digits()) return false;
    }
    if ((this.now() | 0x20) == 0x65) {
      this.at++;
      if (this.now() == 0x2b || this.now() == 0x2d) this.at++;
      return this.digits();
    }
    return true;
  }
}

/** Returns a text as JSON, with quotation marks. */
export function quoted(text: string): string {
  const parts = new Array<string>();
  let from = 0;
  for (let nth = 0; nth < text.length; nth++) {
    const unit = text.charCodeAt(nth);
    if (unit >= 0x20 && unit != 0x22 && unit != 0x5c) continue;
    parts.push(text.substring(from, nth));
    parts.push(unit >= 0x20 ? "\\" + text.charAt(nth) : "\\u00" + (unit < 16 ? "0" : "") + unit.toString(16));
    from = nth + 1;
  }
  return '"' + parts.join("") + text.substring(from) + '"';
}
