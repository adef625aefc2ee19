/**
 * The stand-in for Mero's server and its mkfs: no storage, but the same manners. It reads its
 * per-process file, its arguments and the configuration, refuses what the real one would refuse, waits
 * for hax and for an entrypoint, and reports its states (spec: bootstrap.md, The development cluster).
 *
 * A confd of the stand-in hands its `confd.xc` to the others over HTTP, at the address of its
 * endpoint: they cannot start without one, as with real servers.
 *
 * It can be told to fail: a file beside its data directory, with `.fail` at the end of its name and
 * one of {@linkcode FAILURES} in it.
 *
 * @module
 */

import * as z from "zod";
import { type TargetName, TARGETS } from "../../cfgen/mod.ts";
import { parseProcessFile } from "../agent/process_file.ts";
import type { Clock } from "../lib/clock.ts";
import { HareError, messageOf } from "../lib/errors.ts";
import { formatFid, parseFid } from "../lib/fid.ts";
import { ignoreNotFound, readTextFileIfAny, writeFileAtomic } from "../lib/files.ts";
import { HttpServer } from "../lib/http_server.ts";
import { jsonText } from "../lib/json_text.ts";
import { loggerOf } from "../lib/log.ts";
import { basename, dirname, join } from "../lib/std/path.ts";
import { isTooLong } from "../lib/unix_socket.ts";
import { waitFor } from "../lib/wait_for.ts";
import { type ConfiguredProcess, readConfiguredProcess } from "./conf_xc.ts";
import { checkArguments, type ServerParameters } from "./real_mero.ts";

const log = loggerOf("m0d", "stand-in");

/** How a stand-in can be told to fail. */
export const FAILURES = [
  /** mkfs exits with an error. */
  "mkfs",
  /** The server exits with an error at once. */
  "start",
  /** The server never gets ready, and ignores SIGTERM as the real one does without hax. */
  "hang",
] as const;

/** What a stand-in is told. */
export interface StandInOptions {
  /** The server, or the program that formats its storage first. */
  readonly role: "m0d" | "mkfs";
  /** Path of its per-process file. */
  readonly processFile: string;
  /** Which Mero it stands for. */
  readonly target: TargetName;
  /** Arguments of the program that it stands for; none where that reads its file alone. */
  readonly args: readonly string[];
  /** Its own directory. */
  readonly dataDir: string;
  /** Path of the Unix socket at which the node's hax answers. */
  readonly hax: string;
  readonly clock: Clock;
  /** Aborted by SIGTERM: stop. */
  readonly signal: AbortSignal;
}

/** A confd may be long in coming: the real server waits as well. */
const PATIENCE_MS = 3_600_000;
const REPORT_LIMIT_MS = 5_000;

const entrypointSchema = jsonText(
  z.object({ confds: z.array(z.object({ address: z.string() })).min(1) }),
);

/**
 * Runs the stand-in: mkfs to its end, the server until `signal`.
 *
 * @throws {HareError} when it refuses to start, as the real one would
 */
export async function runStandIn(given: StandInOptions): Promise<void> {
  const options = { ...given, hax: withinReach(given.hax) };
  const parameters = await readParameters(options);
  const { role, target, args } = options;
  if (args.length > 0) {
    const kind = role === "mkfs" ? "m0mkfs" : "m0d";
    checkArguments(kind, args, { target: TARGETS[target], file: parameters });
  }
  const failure = await readFailure(options);
  await (options.role === "mkfs"
    ? makeFileSystem(options, parameters, failure)
    : serve(options, parameters, failure));
}

async function makeFileSystem(
  options: StandInOptions,
  parameters: ServerParameters,
  failure: string | null,
): Promise<void> {
  const report = reporter(options, parameters, "M0MKFS");
  await report("starting", options.signal);
  if (failure === "mkfs") throw new HareError("mkfs was told to fail");
  await checkDisks(await readOwnConfiguration(options, parameters));
  await report("started", options.signal);
  await Deno.mkdir(options.dataDir, { recursive: true });
  await writeFileAtomic(superblock(options), `${formatFid(parameters.fid)}\n`);
  log.info("{fid} is formatted", { fid: formatFid(parameters.fid) });
  await report("stopping", options.signal);
  await report("stopped", options.signal);
}

async function serve(
  options: StandInOptions,
  parameters: ServerParameters,
  failure: string | null,
): Promise<void> {
  const fid = formatFid(parameters.fid);
  if (failure === "start") throw new HareError("m0d was told to fail");
  const formatted = await readTextFileIfAny(superblock(options));
  if (formatted?.trim() !== fid) {
    throw new HareError(`${options.dataDir} is not formatted for ${fid}`, {
      hint: "run mkfs first",
    });
  }
  const report = reporter(options, parameters, "M0D");
  await report("starting", options.signal);
  if (failure === "hang") return await new Promise<never>(() => setInterval(() => {}, PATIENCE_MS));
  const own = await readOwnConfiguration(options, parameters);
  await checkDisks(own);
  await using _confd = parameters.confXc === undefined
    ? undefined
    : serveConfiguration(parameters.endpoint, parameters.confXc);
  await report("started", options.signal);
  log.info("{fid} serves at {endpoint}: {services}", { fid, ...own });
  await new Promise<void>((resolve) => {
    // A pending timer keeps the process alive where nothing else does.
    const timer = setInterval(() => {}, PATIENCE_MS);
    options.signal.addEventListener("abort", () => resolve(clearInterval(timer)), { once: true });
  });
  const limit = AbortSignal.timeout(REPORT_LIMIT_MS);
  await report("stopping", limit);
  await report("stopped", limit);
}

/** The parameters in the per-process file. */
async function readParameters({ processFile, target }: StandInOptions): Promise<ServerParameters> {
  const text = await readTextFileIfAny(processFile);
  if (text === null) throw new HareError(`${processFile} is missing`);
  const variables = parseProcessFile(text);
  const { variablePrefix } = TARGETS[target];
  const get = (name: string) => {
    const value = variables.get(`${variablePrefix}_${name}`);
    if (value !== undefined) return value;
    throw new HareError(`${processFile} does not set ${variablePrefix}_${name}`);
  };
  return {
    endpoint: get("M0D_EP"),
    fid: parseFid(get("PROCESS_FID")),
    haxEndpoint: get("HA_EP"),
    confXc: variables.get(`${variablePrefix}_CONF_XC`),
  };
}

async function readFailure({ dataDir }: StandInOptions): Promise<string | null> {
  return (await readTextFileIfAny(`${dataDir}.fail`))?.trim() ?? null;
}

/** What the configuration says of this process: a confd reads it, others ask a confd. */
async function readOwnConfiguration(
  options: StandInOptions,
  { confXc, endpoint, fid }: ServerParameters,
): Promise<ConfiguredProcess> {
  const text = confXc === undefined ? await askConfd(options) : await readTextFileIfAny(confXc);
  if (text === null) throw new HareError(`${confXc} is missing`);
  const own = readConfiguredProcess(text, fid.key);
  if (own.endpoint === endpoint) return own;
  throw new HareError(
    `the configuration gives ${formatFid(fid)} the endpoint ${own.endpoint}, its file ${endpoint}`,
  );
}

async function askConfd({ hax, clock, signal }: StandInOptions): Promise<string> {
  return await waitFor("a confd", async (within) => {
    const answer = await askHax(hax, "/entrypoint", { signal: within });
    const body = await answer.text();
    if (!answer.ok) return { ready: false, why: `no entrypoint: ${body.trim()}` };
    const { confds } = entrypointSchema.parse(body);
    const errors: string[] = [];
    for (const { address } of confds) {
      const { hostname, port } = listenerOf(address);
      try {
        const conf = await fetch(`http://${hostname}:${port}/confd.xc`, { signal: within });
        if (conf.ok) return { ready: true, value: await conf.text() };
        await conf.body?.cancel();
        errors.push(`${address}: ${conf.status}`);
      } catch (error) {
        errors.push(`${address}: ${messageOf(error)}`);
      }
    }
    return { ready: false, why: errors.join("; ") };
  }, { limitMs: PATIENCE_MS, intervalMs: 100, clock, signal });
}

async function checkDisks({ disks }: ConfiguredProcess): Promise<void> {
  for (const { path, size } of disks) {
    const found = await Deno.stat(path).catch(ignoreNotFound);
    if (!found) throw new HareError(`disk ${path} is missing`);
    if (found.isFile && found.size < size) {
      throw new HareError(`disk ${path} has ${found.size} bytes, the configuration says ${size}`);
    }
  }
}

function serveConfiguration(endpoint: string, confXc: string): HttpServer {
  return new HttpServer(listenerOf(endpoint), async (request) => {
    if (new URL(request.url).pathname !== "/confd.xc") return new Response(null, { status: 404 });
    return new Response(await Deno.readTextFile(confXc));
  }, log);
}

/** Where the stand-in of a confd with this endpoint answers HTTP. */
function listenerOf(endpoint: string): { hostname: string; port: number } {
  const [, ip, port] = /^inet:tcp:(.+)@(\d+)$/.exec(endpoint) ?? [];
  if (ip !== undefined) return { hostname: ip, port: Number(port) };
  const [, address, lnetPort] = /^(.+)@tcp:(\d+):\d+:\d+$/.exec(endpoint) ?? [];
  if (address !== undefined) return { hostname: address, port: Number(lnetPort) };
  throw new HareError(`${endpoint} is no endpoint that the stand-in knows`);
}

/** Tells hax of a state, as Mero's HA link would; waits until hax has taken it. */
function reporter(
  { hax, clock }: StandInOptions,
  { fid }: ServerParameters,
  type: "M0D" | "M0MKFS",
): (event: string, signal: AbortSignal) => Promise<void> {
  return async (event, signal) => {
    const body = JSON.stringify({ event, type, pid: Deno.pid });
    await waitFor(`hax to take the report "${event}"`, async (within) => {
      const answer = await askHax(hax, `/processes/${formatFid(fid)}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: within,
      });
      const text = (await answer.text()).trim();
      if (answer.ok) return { ready: true, value: undefined };
      const error = new HareError(`hax refuses the report "${event}": ${answer.status} ${text}`);
      return answer.status >= 500 ? { ready: false, why: text } : { ready: "never", error };
    }, { limitMs: PATIENCE_MS, clock, signal });
  };
}

/**
 * A path of the socket that the kernel takes. All other paths of the stand-in are absolute, so its
 * working directory may be the socket's.
 */
function withinReach(socket: string): string {
  if (!isTooLong(socket)) return socket;
  Deno.chdir(dirname(socket));
  return basename(socket);
}

/** Asks hax over its Unix socket. */
async function askHax(socket: string, path: string, init: RequestInit): Promise<Response> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const answer = await fetch(`http://localhost${path}`, { ...init, client });
  return new Response(await answer.text(), answer);
}

function superblock({ dataDir }: StandInOptions): string {
  return join(dataDir, "superblock");
}
