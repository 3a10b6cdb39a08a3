/* Numbers as text, and text as exact whole numbers. */

export const grouped = (value) => {
  const [whole, rest] = String(value).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
};

/* A figure in its unit; milliseconds are estimates, so three digits of them. */
export const amount = (value, unit) =>
  (unit === "ms" ? `~${grouped(value < 1000 ? Number(value.toPrecision(3)) : Math.round(value))}` : grouped(value));

/* A factor for people, in six digits at most; a command takes it as it is. */
export const digits = (value) => Number(value.toPrecision(6));

/* A factor as people write it: 1 is "1.0", 0.75 stays. */
export const factor = (value) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

export const signed = (value) =>
  (value > 0 ? "+" : value < 0 ? "-" : "") + grouped(Math.abs(value));

/* The change from a to b in percent of a; 0 and -100 only where they are exact. */
export const change = (a, b) => {
  if (a === b) return "0.00 %";
  if (a === 0) return "new";
  const text = `${b > a ? "+" : ""}${(100 * (b - a) / a).toFixed(2)} %`;
  if (text === "+0.00 %" || text === "-0.00 %") return b > a ? "< +0.01 %" : "> -0.01 %";
  return text === "-100.00 %" && b ? "> -99.99 %" : text;
};

/* 107295200 -> "107.3 M"; under 10,000 in full. */
export const short = (value) => {
  if (value < 10000) return grouped(value);
  const steps = [[1e3, "K"], [1e6, "M"], [1e9, "G"], [1e12, "T"]];
  const [size, letter] = steps.find(([one]) => value / one < 999.95) ?? steps[3];
  return `${grouped((value / size).toFixed(1))} ${letter}`;
};

const COUNTS = { "": [1n, 0n], k: [1n, 3n], m: [1n, 6n], g: [1n, 9n], t: [1n, 12n] };
const BYTES = { "": [1n, 0n], b: [1n, 0n] };
["k", "m", "g", "t"].forEach((letter, index) => {
  BYTES[`${letter}b`] = [1n, 3n * BigInt(index + 1)];
  BYTES[`${letter}ib`] = [1024n ** BigInt(index + 1), 0n];
});
const EXAMPLES = {
  count: "100M, 100,000,000 or 1e8",
  bytes: "256KiB, 1.5MB, 262144 or 1e6",
  ms: "a number of milliseconds, such as 12.5",
};

/* What a field of this unit takes, for its message. */
export const accepted = (unit) => EXAMPLES[unit];

/* "100M", "100,000,000", "1e8", "256KiB" -> the exact number, or null.

   Counts and bytes must come out whole and below 2^53. A bare K or M of bytes could be
   decimal or binary, so it is refused, as on the command line. */
export const parseAmount = (text, unit) => {
  const clean = text.trim();
  if (unit === "ms") return /^\d{1,9}(\.\d{1,9})?\s*(ms)?$/i.test(clean) ? Number.parseFloat(clean) : null;
  const match = /^(\d{1,3}(?:,\d{3})+|\d{1,16})(?:\.(\d{1,15}))?(?:e\+?(\d{1,2}))?\s*([a-z]*)$/i.exec(clean);
  if (!match) return null;
  const [, digits, decimals = "", exponent = "0", suffix] = match;
  const known = (unit === "bytes" ? BYTES : COUNTS);
  const scale = Object.hasOwn(known, suffix.toLowerCase()) ? known[suffix.toLowerCase()] : null;
  if (!scale) return null;
  const power = scale[1] + BigInt(exponent);
  let value = BigInt(digits.replaceAll(",", "") + decimals) * scale[0] * 10n ** power;
  const divisor = 10n ** BigInt(decimals.length);
  if (value % divisor !== 0n) return null;
  value /= divisor;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
};

/* "0.75" -> 0.75, or null. */
export const parseFactor = (text) =>
  (/^\d{0,9}\.?\d{1,9}$|^\d{1,9}\.$/.test(text.trim()) ? Number(text.trim()) : null);

/* "320 x 240" -> "320x240", "224x224" -> 224: a size as the page has it, or null. */
export const parseSize = (text) => {
  const [, height, width] = /^(\d{1,5})\s*[x×]\s*(\d{1,5})$/i.exec(text.trim()) ?? [];
  if (height === undefined) return null;
  return Number(height) === Number(width) ? Number(height) : `${Number(height)}x${Number(width)}`;
};

/* The side of a square with the area of a size: 224, or "320x240" (height x width). */
export const sideOf = (size) => {
  const [height, width = height] = String(size).split("x").map(Number);
  return Math.sqrt(height * width);
};

/* The index of the value next to a wanted one; the first of two equally near. */
export const nearest = (values, wanted) => {
  let best = 0;
  values.forEach((value, index) => {
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
  });
  return best;
};
