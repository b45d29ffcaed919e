/**
 * What saraf and the packages that it stands on expect of an engine beside the language itself. Browsers and servers have all of it; small
 * embedded engines lack much, and get plain stand-ins: on `globalThis`, since that is where packages look. What an engine has of
 * its own is left alone.
 */

/** UTF-8 by way of percent escapes, which every engine can write and read, strictly. */
class PlainTextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array<ArrayBuffer> {
    const bytes = encodeURIComponent(text).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  }
}

/** Malformed text is an error, whether it is asked for or not. */
class PlainTextDecoder {
  decode(bytes: Uint8Array = new Uint8Array()): string {
    let escapes = '';
    for (const byte of bytes) escapes += `%${byte.toString(16).padStart(2, '0')}`;
    try {
      return decodeURIComponent(escapes);
    } catch {
      throw new TypeError('the bytes are not UTF-8');
    }
  }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(binary: string): string {
  let text = '';
  for (let i = 0; i < binary.length; i += 3) {
    const [a, b, c] = [binary.charCodeAt(i), binary.charCodeAt(i + 1), binary.charCodeAt(i + 2)];
    const bits = (a << 16) | (b << 8) | c;
    text += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]!;
    text += i + 1 < binary.length ? BASE64[(bits >> 6) & 63]! : '=';
    text += i + 2 < binary.length ? BASE64[bits & 63]! : '=';
  }
  return text;
}

function fromBase64(text: string): string {
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

const say = (...words: unknown[]): void => {
  (globalThis as { print?: (text: string) => void }).print?.(words.join(' '));
};

/** What is filled in where it is missing. */
export const standIns = {
  TextEncoder: PlainTextEncoder,
  TextDecoder: PlainTextDecoder,
  btoa: toBase64,
  atob: fromBase64,
  performance: { now: () => Date.now() },
  console: { log: say, warn: say },
};

/** `globalThis`, with nothing of the above missing. */
export const host = globalThis;

for (const [name, value] of Object.entries(standIns)) {
  if (!(name in host)) Object.defineProperty(host, name, { value, writable: true, configurable: true });
}
