// generate.mjs SEED SETS FOLDER: random policies, entities and requests, each with what Cedar's own
// engine says of them, in the form of Cedar's integration tests. `naestro-proof cedar FOLDER` reads
// them.
import fs from "node:fs";
import path from "node:path";
import cedar from "@cedar-policy/cedar-wasm/nodejs";

const [seed, sets, folder] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

// mulberry32
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const one = (of) => of[below(of.length)];
const chance = (p) => random() < p;

const TYPES = ["User", "Group", "Doc", "App::Thing"];
const IDS = ["a", "b", "c", "d e", "\u00fc"];
const ATTRIBUTES = ["n", "s", "b", "l", "r", "d", "ip", "t", "u", "e", "odd name", "if"];
const STRINGS = ["", "a", "ab", "*", "a*b", "\\", "\"", "\u00e9", "\u{1F600}", "line\nfeed", "x".repeat(40)];
const LONGS = ["0", "1", "2", "-1", "7", "9223372036854775807", "-9223372036854775808", "4611686018427387904"];
const DECIMALS = ["0.0", "1.2345", "-1.5", "922337203685477.5807", "922337203685477.5808", "1", "1.23456", "00.1", "-0.0", "+1.0"];
const IPS = ["127.0.0.1", "10.0.0.0/8", "10.1.2.3", "::1", "fe80::/10", "224.0.0.1", "1.2.3", "::ffff:1.2.3.4", "300.1.1.1", "10.0.0.1/33", "1.2.3.04"];
const TIMES = ["2024-10-15", "2024-10-15T11:35:00Z", "2024-10-15T11:35:00.123Z", "2024-10-15T11:35:00+0100", "1969-12-31", "2024-02-30", "2024-10-15T25:00:00Z", "0001-01-01", "9999-12-31T23:59:59.999-2359", "2024-1-1"];
const DURATIONS = ["1h", "-2d3h", "1d2h3m4s5ms", "0ms", "1h1h", "3m2h", "106751991167d", "106751991168d", "ms", "-1ms"];

const quoted = (text) => JSON.stringify(text).replace(/\\u([0-9a-f]{4})/gi, "\\u{$1}");
const uid = () => `${one(TYPES)}::${quoted(one(IDS))}`;

function literal(kind) {
  switch (kind) {
    case "bool": return one(["true", "false"]);
    case "long": return one(LONGS);
    case "string": return quoted(one(STRINGS));
    case "entity": return uid();
    case "decimal": return `decimal(${quoted(one(DECIMALS))})`;
    case "ip": return `ip(${quoted(one(IPS))})`;
    case "time": return `datetime(${quoted(one(TIMES))})`;
    case "duration": return `duration(${quoted(one(DURATIONS))})`;
    case "set": return `[${Array.from({length: below(4)}, () => literal(one(["long", "string", "bool", "entity"]))).join(", ")}]`;
    default: return `{${[...new Set(Array.from({length: below(3)}, () => one(ATTRIBUTES)))].map((a) => `${quoted(a)}: ${literal(one(["long", "string", "bool", "set"]))}`).join(", ")}}`;
  }
}
const KINDS = ["bool", "long", "string", "entity", "decimal", "ip", "time", "duration", "set", "record"];

const BY_NAME = {n: "long", s: "string", b: "bool", l: "set", r: "record", d: "decimal", ip: "ip", t: "time", u: "duration", e: "entity"};
function held(kind) {
  const name = Object.keys(BY_NAME).find((key) => BY_NAME[key] === kind) ?? one(ATTRIBUTES);
  const of = one(["principal", "resource", "context", "context"]);
  return chance(0.5) && /^[a-z]+$/.test(name) && name !== "if" ? `${of}.${name}` : `${of}[${quoted(name)}]`;
}

function expression(kind, depth) {
  if (chance(0.04)) kind = one(KINDS);  // a mistake
  if (depth <= 0) return chance(0.5) ? literal(kind) : held(kind);
  const sub = (of) => expression(of, depth - 1 - below(2));
  const paren = (text) => `(${text})`;
  if (chance(0.08)) return paren(`if ${sub("bool")} then ${sub(kind)} else ${sub(kind)}`);
  switch (kind) {
    case "bool": return paren(one([
      () => `${sub("bool")} && ${sub("bool")}`, () => `${sub("bool")} || ${sub("bool")}`,
      () => `!${sub("bool")}`, () => { const k = one(KINDS); return `${sub(k)} ${one(["==", "!="])} ${sub(k)}`; },
      () => `${sub("long")} ${one(["<", "<=", ">", ">="])} ${sub("long")}`,
      () => { const k = one(["time", "duration"]); return `${sub(k)} ${one(["<", "<=", ">", ">="])} ${sub(k)}`; },
      () => `${sub("entity")} in ${chance(0.5) ? sub("entity") : `[${uid()}, ${sub("entity")}]`}`,
      () => `${one(["principal", "resource", "context", sub("record")])} has ${chance(0.5) ? quoted(one(ATTRIBUTES)) : "n"}`,
      () => `${sub("string")} like ${one(['"*"', '"a*"', '"*b"', '"\\*"', '"a\\*b"', '""', '"**"', '"*\u00e9*"', '"?"'])}`,
      () => `${sub("set")}.contains(${sub(one(["long", "string"]))})`,
      () => `${sub("set")}.${one(["containsAll", "containsAny"])}(${sub("set")})`,
      () => `${sub("set")}.isEmpty()`,
      () => `${sub("entity")} is ${one(TYPES)}${chance(0.3) ? ` in ${sub("entity")}` : ""}`,
      () => `${sub("decimal")}.${one(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"])}(${sub("decimal")})`,
      () => `${sub("ip")}.${one(["isIpv4", "isIpv6", "isLoopback", "isMulticast"])}()`,
      () => `${sub("ip")}.isInRange(${sub("ip")})`,
    ])());
    case "long": return paren(one([
      () => `${sub("long")} ${one(["+", "-", "*"])} ${sub("long")}`, () => `-${sub("long")}`,
      () => `${sub("duration")}.${one(["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"])}()`,
    ])());
    case "time": return one([() => `${sub("time")}.offset(${sub("duration")})`, () => `${sub("time")}.toDate()`])();
    case "duration": return one([() => `${sub("time")}.durationSince(${sub("time")})`, () => `${sub("time")}.toTime()`])();
    case "record": return `{${quoted(one(ATTRIBUTES))}: ${sub(one(KINDS))}}`;
    case "set": return `[${Array.from({length: below(3)}, () => sub(one(["long", "string", "bool"]))).join(", ")}]`;
    default: return chance(0.3) ? `{"v": ${sub(kind)}}.v` : depth > 1 && chance(0.5) ? sub(kind) : held(kind);
  }
}

function head(variable) {
  if (variable === "action") {
    return one([`action == Action::"view"`, `action in Action::"edit"`, `action in [Action::"view", Action::"edit"]`]);
  }
  return one([
    () => variable, () => variable, () => variable, () => `${variable} == ${uid()}`,
    () => `${variable} in ${uid()}`, () => `${variable} is ${one(TYPES)}`,
    () => `${variable} is ${one(TYPES)} in ${uid()}`,
  ])();
}
function policy() {
  const note = chance(0.2) ? `// ${one(["a comment", "\u00fc", "\"quoted\""])}\n` : "";
  const mark = chance(0.2) ? `@note(${quoted(one(STRINGS))})\n` : "";
  const conditions = Array.from({length: below(3)}, () => `${chance(0.7) ? "when" : "unless"} { ${expression("bool", 1 + below(4))} }`);
  return `${note}${mark}${one(["permit", "permit", "forbid"])} (${head("principal")}, ${chance(0.6) ? "action" : head("action")}, ${head("resource")})\n${conditions.join("\n")};`;
}

function value(kind, depth = 1) {
  switch (kind) {
    case "bool": return chance(0.5);
    case "long": return one([0, 1, 2, -1, 7, 1000000]);
    case "string": return one(STRINGS);
    case "entity": return {__entity: {type: one(TYPES), id: one(IDS)}};
    case "decimal": return {__extn: {fn: "decimal", arg: one(["0.0", "1.2345", "-1.5"])}};
    case "ip": return {__extn: {fn: "ip", arg: one(["127.0.0.1", "10.0.0.0/8", "10.1.2.3", "::1"])}};
    case "time": return {__extn: {fn: "datetime", arg: one(["2024-10-15", "2024-10-15T11:35:00Z"])}};
    case "duration": return {__extn: {fn: "duration", arg: one(["1h", "-2d3h"])}};
    case "set": return Array.from({length: below(4)}, () => value(one(["long", "string", "bool"]), 0));
    default: return depth > 0 ? attributes(0.4, depth - 1) : {};
  }
}
function attributes(p, depth = 1) {
  const out = {};
  for (const name of ATTRIBUTES) {
    if (chance(p)) out[name] = value(chance(0.9) ? BY_NAME[name] ?? "long" : one(KINDS), depth);
  }
  return out;
}
function entities() {
  const all = TYPES.flatMap((type) => IDS.map((id) => ({type, id})));
  const rows = all.filter(() => chance(0.6)).map((uid, at) => ({
    uid, attrs: attributes(0.6),
    // Parents come later in the list alone, so that there is no circle.
    parents: all.slice(all.indexOf(uid) + 1).filter(() => chance(0.15)),
  }));
  return rows.concat([{uid: {type: "Action", id: "view"}, attrs: {}, parents: []}, {uid: {type: "Action", id: "edit"}, attrs: {}, parents: []}]);
}

fs.mkdirSync(path.join(folder, "tests"), {recursive: true});
let written = 0, refused = 0;
for (let set = 0; written < sets; ++set) {
  const text = Array.from({length: 1 + below(4)}, policy).join("\n\n");
  const rows = entities();
  const requests = [];
  for (let i = 0; i < 6; ++i) {
    const request = {principal: {type: one(["User", "Group"]), id: one(IDS)}, action: {type: "Action", id: one(["view", "edit", "other"])},
                     resource: {type: one(["Doc", "App::Thing"]), id: one(IDS)}, context: attributes(0.7)};
    const said = cedar.isAuthorized({...request, policies: {staticPolicies: text}, entities: rows});
    if (said.type !== "success") break;
    const {decision, diagnostics} = said.response;
    requests.push({description: "", ...request, decision, reason: diagnostics.reason, errors: diagnostics.errors.map((each) => each.policyId)});
  }
  if (requests.length === 0) { ++refused; continue; }
  const name = `tests/${seed}-${written++}`;
  fs.writeFileSync(path.join(folder, `${name}.cedar`), text);
  fs.writeFileSync(path.join(folder, `${name}.entities.json`), JSON.stringify(rows));
  fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({policies: `${name}.cedar`, entities: `${name}.entities.json`, shouldValidate: false, requests}));
}
console.log(JSON.stringify({seed, sets: written, refused_texts: refused}));
