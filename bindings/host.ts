/**
 * What saraf expects of an engine besides the language itself. Browsers and servers have all of it; where a small embedded engine
 * lacks something, a plain stand-in does the work. No global is changed.
 */

/** Malformed text is an error, whether that is asked for or not. */
export class PlainTextDecoder {
  decode(bytes: Uint8Array): string {
    let escapes = '';
    for (const byte of bytes) escapes += `%${byte.toString(16).padStart(2, '0')}`;
    try {
      return decodeURIComponent(escapes);
    } catch {
      throw new TypeError('the bytes are not UTF-8');
    }
  }
}

/** The text as UTF-8. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (typeof TextEncoder !== 'undefined') return new TextEncoder().encode(text);
  const bytes = encodeURIComponent(text).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
}

/** The text of bytes in UTF-8. `fatal`: malformed bytes are an error. */
export function decodeText(bytes: Uint8Array, fatal = false): string {
  return typeof TextDecoder === 'undefined'
    ? new PlainTextDecoder().decode(bytes)
    : new TextDecoder('utf-8', { fatal }).decode(bytes);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of a text whose characters are bytes. */
export function toBase64(binary: string): string {
  if (typeof btoa !== 'undefined') return btoa(binary);
  let text = '';
  for (let i = 0; i < binary.length; i += 3) {
    const [a, b, c] = [binary.charCodeAt(i), binary.charCodeAt(i + 1), binary.charCodeAt(i + 2)];
    const bits = (a << 16) | (b << 8) | c;
    text += BASE64.charAt(bits >> 18) + BASE64.charAt((bits >> 12) & 63);
    text += i + 1 < binary.length ? BASE64.charAt((bits >> 6) & 63) : '=';
    text += i + 2 < binary.length ? BASE64.charAt(bits & 63) : '=';
  }
  return text;
}

/** The text whose characters are the bytes that base64 stands for. */
export function fromBase64(text: string): string {
  if (typeof atob !== 'undefined') return atob(text);
  const digits = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(digits)) throw new TypeError('the text is not base64');
  let [binary, bits, count] = ['', 0, 0];
  for (const digit of digits) {
    bits = (bits << 6) | BASE64.indexOf(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    binary += String.fromCharCode((bits >> count) & 255);
  }
  return binary;
}

/** Milliseconds on a clock that goes on. */
export function now(): number {
  return typeof performance === 'undefined' ? Date.now() : performance.now();
}

/** Prints a line. */
export function log(text: string): void {
  if (typeof console !== 'undefined') console.log(text);
  else (globalThis as { print?: (text: string) => void }).print?.(text);
}
