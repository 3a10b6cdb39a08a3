/* The state of the explorer as an address, and back.

   A network is named by its table and a hash of its content, so a link means the network
   and not its place in a list. Whatever does not match is told, never replaced silently. */
import { digits, factor, nearest, parseAmount } from "./numbers.mjs";

const T = (net, t) => (net.ts[t].value === null ? "-" : String(net.ts[t].value));

/* The state a network opens with. */
export const started = (nets, index) => {
  const net = nets[index];
  return {
    net: index,
    alpha: Math.max(net.alphas.indexOf(net.start.alpha), 0),
    res: Math.max(net.res.indexOf(net.start.res), 0),
    t: Math.max(net.ts.findIndex((one) => one.value === net.start.t), 0),
  };
};

export const named = (nets, state) => {
  const net = nets[state.net];
  if (net.fixed) return net.title;
  const t = net.ts[state.t].value;
  return `${net.title} ${factor(digits(net.alphas[state.alpha]))}/${net.res[state.res]}`
    + (t === null ? "" : `, t ${factor(t)}`);
};

const idOf = (net) => `${net.name}.${net.hash}`;

/* "mobilenet_v2.1a2b3c4d~0.75~160~-" */
export const packed = (nets, state) => {
  const net = nets[state.net];
  return [idOf(net), net.alphas[state.alpha], net.res[state.res], T(net, state.t)].join("~");
};

/* The state that a packed one means, and what of it does not match; null: no network. */
export const unpacked = (nets, text) => {
  const parts = String(text).split("~");
  if (parts.length < 4) return { state: null, told: ["A link names no network that is here."] };
  const [alpha, res, t] = parts.slice(-3);
  const id = parts.slice(0, -3).join("~");
  const name = id.slice(0, Math.max(id.lastIndexOf("."), 0));
  const net = nets.find((one) => idOf(one) === id) ?? nets.find((one) => one.name === name);
  if (!net) return { state: null, told: [`The link is about "${(name || id).slice(0, 80)}", which is not on this page.`] };
  const told = [];
  if (idOf(net) !== id) told.push(`The link was made for another version of ${net.title}; these are the figures of this page's.`);
  const place = (values, wanted, what) => {
    const exact = values.findIndex((value) => String(value) === wanted);
    if (exact >= 0) return exact;
    const numbers = values.map((value) => (value === "-" ? Infinity : Number(value)));
    const used = /^[0-9]{1,6}(\.[0-9]{1,9})?$/.test(wanted) ? nearest(numbers, Number(wanted))
      : started(nets, nets.indexOf(net))[what];
    const label = { alpha: "α", res: "Resolution", t: "t" }[what];
    told.push(`${label} ${wanted.slice(0, 20)} of the link is not counted here; nearest counted: ${values[used]}.`);
    return used;
  };
  const state = {
    net: nets.indexOf(net),
    alpha: place(net.alphas, alpha, "alpha"),
    res: place(net.res, res, "res"),
    t: place(net.ts.map((one) => (one.value === null ? "-" : String(one.value))), t, "t"),
  };
  return { state, told };
};

/* limits: {key: number or null}; pins: {a, b}: states or null. */
export const toFragment = (nets, { state, limits, pins }) => {
  const parts = new URLSearchParams();
  const [id, alpha, res, t] = [idOf(nets[state.net]), ...packed(nets, state).split("~").slice(-3)];
  for (const [key, value] of Object.entries({ net: id, alpha, res, t })) parts.set(key, value);
  for (const [key, value] of Object.entries(limits)) if (value !== null) parts.set(key, value);
  for (const key of ["a", "b"]) if (pins[key]) parts.set(key, packed(nets, pins[key]));
  return `#${parts}`;
};

/* Only known keys with known values are used; null where the address is not a link of
   the explorer. "quantities" are those that can be limited. */
export const fromFragment = (nets, hash, quantities) => {
  const parts = new URLSearchParams(hash.slice(1));
  if (!parts.has("net")) return null;
  const wanted = ["net", "alpha", "res", "t"].map((key) => parts.get(key) ?? "");
  const { state, told } = unpacked(nets, wanted.join("~"));
  const limits = {};
  for (const { key, unit, label } of quantities) {
    const text = parts.get(key);
    limits[key] = text === null ? null : parseAmount(text, unit);
    if (text !== null && limits[key] === null) {
      told.push(`The link's limit of ${label.toLowerCase()}, "${text.slice(0, 20)}", is not an amount.`);
    }
  }
  const pins = { a: null, b: null };
  for (const key of ["a", "b"]) {
    if (!parts.has(key)) continue;
    const pin = unpacked(nets, parts.get(key));
    pins[key] = pin.state;
    told.push(...pin.told.map((text) => `Pin ${key.toUpperCase()}: ${text}`));
  }
  return { state: state ?? started(nets, 0), limits, pins, told };
};
