// `npm run sandbox --workspace ui`: the page against a plain conductor, without a node.
//
// Starts a conductor by `hc sandbox` with `workdir/rose_forest.happ`, serves `ui/dist` on a free port of loopback, and prints
// the address to open. The page gets a token for the app interface and, for each cell, credentials that may call the zome;
// the admin interface stays here. Everything that is started ends with this script (Ctrl-C).
//
//   HC, HOLOCHAIN: the programs; otherwise those of `cargo xtask` or on the PATH.
//   --bootstrap URL: where peers meet (`rose-forest bootstrap` prints one); nowhere if nothing is said.
//   --json: prints one line of JSON instead of sentences.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { homedir, tmpdir } from "node:os";
import { delimiter, extname, join, resolve, sep } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AdminWebsocket, decodeHashFromBase64, getSigningCredentials } from "@holochain/client";
import yaml from "js-yaml";

const { values: given } = parseArgs({
  options: { bootstrap: { type: "string" }, json: { type: "boolean", default: false } },
});
/** Of this run; nothing before there is one. */
let folder;
const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "ui", "dist");
const happ = process.env.ROSE_FOREST_HAPP ?? join(root, "workdir", "rose_forest.happ");
const built = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache", "rose-forest", "target");
const hc = program(process.env.HC, [join(built, "tools", "holochain_cli-0.7.1", "bin", "hc")], "hc");
const holochain = program(process.env.HOLOCHAIN, [join(built, "release", "holochain")], "holochain");
for (const [what, path, make] of [
  ["the hApp", happ, "cargo pack"],
  ["the page", join(dist, "index.html"), "npm run build --workspace ui"],
  ["the package", join(root, "clients", "js", "dist", "index.js"), "npm run build"],
]) {
  if (!existsSync(path)) fail(`${what} is not there (${path}). Make it by \`${make}\`.`);
}
const { authorize } = await import("rose-forest-client");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
// What the node says, too.
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "img-src 'self' data: blob:",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
].join("; ");
/** What giving credentials needs; filled when the conductor runs. */
const state = {};

folder = mkdtempSync(join(tmpdir(), "rose-forest-sandbox-"));
const children = new Set();
let ending = false;
process.once("SIGINT", () => void end(0));
process.once("SIGTERM", () => void end(0));
process.stdin.once("end", () => given.json && void end(0));
if (given.json) process.stdin.resume();

try {
  const origin = await serve();
  const admin = await startConductor(origin);
  const address = await installApp(admin, origin);
  if (given.json) console.log(JSON.stringify({ url: address }));
  else
    console.log(
      `\nOpen this address in a browser; it is for you alone:\n\n  ${address}\n\nCtrl-C ends the conductor.`,
    );
} catch (error) {
  console.error(error);
  await end(1);
}

/** Serves the page, and credentials to who has the key that is in the address. */
async function serve() {
  const server = createServer((request, response) => {
    void answer(request, response).catch((error) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error.message ?? error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  if (request.method === "POST" && pathname === "/authorize") {
    if (!state.key || searchParams.get("key") !== state.key) {
      response.writeHead(403).end("this address has another key");
      return;
    }
    let body = "";
    for await (const part of request) body += part;
    const credentials = await credentialsFor(decodeHashFromBase64(JSON.parse(body).dna_hash));
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(credentials));
    return;
  }
  const path = resolve(dist, `.${pathname === "/" ? "/index.html" : decodeURIComponent(pathname)}`);
  if (!path.startsWith(dist + sep) || !existsSync(path)) {
    response.writeHead(404).end("not here");
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
  });
  response.end(readFileSync(path));
}

/** Has the conductor accept a new key for the zome's functions, and says it as the page reads it. */
async function credentialsFor(dnaHash) {
  const cellId = [dnaHash, state.agent];
  await authorize(state.admin, cellId);
  const { capSecret, signingKey, keyPair } = getSigningCredentials(cellId);
  return {
    cap_secret: base64(capSecret),
    signing_key: base64(signingKey),
    public_key: base64(keyPair.publicKey),
    private_key: base64(keyPair.privateKey),
  };
}

async function startConductor() {
  const meetAt = given.bootstrap ?? "http://127.0.0.1:1";
  const create = [
    "sandbox",
    "--piped",
    "create",
    "--root",
    folder,
    "--directories",
    "conductor",
    "--in-process-lair",
  ];
  await run(hc, [...create, "network", "--bootstrap", meetAt, "quic", meetAt], "passphrase\n");
  const path = join(folder, "conductor", "conductor-config.yaml");
  const config = yaml.load(readFileSync(path, "utf8"));
  config.network.bootstrap_url = meetAt;
  config.network.relay_url = meetAt;
  config.network.advanced = {
    k2Gossip: {
      initiateIntervalMs: 1500,
      minInitiateIntervalMs: 1500,
      initiateJitterMs: 1000,
      roundTimeoutMs: 8000,
    },
    coreBootstrap: { backoffMinMs: 1000, backoffMaxMs: 5000 },
    irohTransport: { relayAllowPlainText: true },
  };
  writeFileSync(path, yaml.dump(config));
  const conductor = start(holochain, ["--piped", "-c", path]);
  conductor.stdin.end("passphrase\n");
  conductor.once("exit", (code) => ending || fail(`the conductor ended with ${code}`));
  for await (const line of createInterface({ input: conductor.stdout })) {
    const port = /###ADMIN_PORT:(\d+)###/.exec(line)?.[1];
    if (!port) continue;
    conductor.stdout.resume();
    return AdminWebsocket.connect({
      url: new URL(`ws://127.0.0.1:${port}`),
      wsClientOptions: { origin: "rose-forest-ui" },
    });
  }
  throw new Error("the conductor said no port");
}

async function installApp(admin, origin) {
  const agent = await admin.generateAgentPubKey();
  const id = "rose_forest";
  const source = { type: "path", value: happ };
  await admin.installApp({
    installed_app_id: id,
    agent_key: agent,
    source,
    network_seed: crypto.randomUUID(),
  });
  await admin.enableApp({ installed_app_id: id });
  const { port } = await admin.attachAppInterface({ port: 0, allowed_origins: origin });
  const { token } = await admin.issueAppAuthenticationToken({
    installed_app_id: id,
    single_use: false,
    expiry_seconds: 0,
  });
  Object.assign(state, { admin, agent, key: crypto.randomUUID() });
  const fragment = new URLSearchParams({
    conductor: `ws://127.0.0.1:${port}`,
    token: base64(token),
    authorize: `/authorize?key=${state.key}`,
  });
  return `${origin}/#${fragment}`;
}

function start(path, args) {
  const child = spawn(path, args, { cwd: folder });
  children.add(child);
  child.once("exit", () => children.delete(child));
  child.stderr.pipe(process.stderr);
  return child;
}

async function run(path, args, input) {
  const child = start(path, args);
  let printed = "";
  child.stdout.on("data", (data) => (printed += data));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${path} ${args.join(" ")} ended with ${code}:\n${printed}`);
}

async function end(code) {
  if (ending) return;
  ending = true;
  for (const child of children) child.kill("SIGTERM");
  const late = setTimeout(() => children.forEach((child) => child.kill("SIGKILL")), 10_000);
  await Promise.all([...children].map((child) => once(child, "exit")));
  clearTimeout(late);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  process.exit(code);
}

function program(given, places, name) {
  const paths = (process.env.PATH ?? "").split(delimiter).map((place) => join(place, name));
  const found = [given, ...places, ...paths].find((path) => path && existsSync(path));
  return (
    found ??
    fail(
      `\`${name}\` is not there: \`cargo xtask verify\` builds it, or say where it is in ${name.toUpperCase()}.`,
    )
  );
}

function base64(bytes) {
  return Buffer.from(bytes).toString("base64");
}

function fail(why) {
  console.error(why);
  if (folder) void end(1);
  else process.exit(1);
}
