/**
 * A machine made of a few lines, for tests of facts: its files, its interfaces, and the programs
 * that are asked about it.
 *
 * @module
 */

import type { System } from "../../mod/facts/mod.ts";
import type { Output, Run } from "../../mod/lib/process.ts";
import { basename, dirname } from "../../mod/lib/std/path.ts";

/** What is at a path. */
export type Entry =
  | {
    readonly device: {
      size: number;
      blksize: number;
      parent?: string;
      wwn?: string;
      /** Its number where another path has the same. */
      number?: number;
      unknown?: true;
    };
  }
  | { readonly file: { size: number; blksize: number; ino?: number } }
  | { readonly link: string }
  | "other";

/** What the machine is. */
export interface MachineOptions {
  readonly hostname?: string;
  readonly memory?: number;
  /** What `getconf` prints. */
  readonly processors?: string;
  /** IPv4 addresses by interface; `null` for one with an IPv6 address only. */
  readonly interfaces?: Readonly<Record<string, string | null>>;
  /** Lines of the kernel's table of routes, without its head. */
  readonly routes?: readonly string[];
  readonly entries?: Readonly<Record<string, Entry>>;
  /** Directories that may not be read. */
  readonly forbidden?: readonly string[];
}

/** A machine, and a `Run` for the programs on it, which remembers what was run. */
export interface Machine {
  readonly system: System;
  readonly run: Run;
  readonly ran: readonly (readonly string[])[];
}

/** A default route through an interface, as `/proc/net/route` has it. */
export function defaultRoute(iface: string, metric = 0, flags = "0003"): string {
  return `${iface}\t00000000\t010200C0\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0`;
}

/** Makes the machine. */
export function makeMachine(options: MachineOptions): Machine {
  const ran: (readonly string[])[] = [];
  return {
    ran,
    system: systemOf(options),
    run: (argv) => {
      ran.push(argv);
      return Promise.resolve({ code: 0, stderr: "", stdout: printed(argv, options) });
    },
  };
}

/** A finished program. */
export function output(code: number, stdout = "", stderr = ""): Output {
  return { code, stdout, stderr };
}

function printed([program, ...args]: readonly string[], options: MachineOptions): string {
  if (program === "getconf") return options.processors ?? "4\n";
  if (program === "cat") {
    const head =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
    return [head, ...options.routes ?? [defaultRoute("eth0")]].join("\n") + "\n";
  }
  if (program !== "lsblk") throw new Error(`this machine has no ${program}`);
  const blockdevices = args.filter((arg) => arg.startsWith("/")).flatMap((kname) => {
    const entry = options.entries?.[kname];
    if (entry === undefined || entry === "other" || !("device" in entry)) return [];
    const { size, blksize, parent, wwn, unknown } = entry.device;
    return unknown ? [] : [{ kname, pkname: parent ?? null, size, "phy-sec": blksize, wwn }];
  });
  return JSON.stringify({ blockdevices });
}

function systemOf(options: MachineOptions): System {
  const entries = options.entries ?? {};
  const notFound = (path: string | URL) => new Deno.errors.NotFound(`no ${path}`);
  const follow = (path: string): string => {
    const entry = entries[path];
    return entry !== undefined && entry !== "other" && "link" in entry ? follow(entry.link) : path;
  };
  return {
    hostname: () => options.hostname ?? "ssc-vm1",
    systemMemoryInfo: () => ({ ...Deno.systemMemoryInfo(), total: options.memory ?? 2 ** 34 }),
    networkInterfaces: () =>
      Object.entries(options.interfaces ?? { eth0: "192.0.2.1" }).map(([name, address]) => ({
        name,
        family: address === null ? "IPv6" : "IPv4",
        address: address ?? "fd00::1",
        mac: "52:54:00:00:00:01",
        netmask: "255.255.255.0",
        cidr: "",
        scopeid: null,
      })),
    async *readDir(path) {
      await Promise.resolve();
      if (options.forbidden?.includes(String(path))) {
        throw new Deno.errors.PermissionDenied(`Permission denied: ${path}`);
      }
      const names = Object.keys(entries).filter((one) => dirname(one) === path).map((one) =>
        basename(one)
      );
      if (names.length === 0) throw notFound(path);
      for (const name of names.reverse()) {
        yield { name, isFile: false, isDirectory: false, isSymlink: false };
      }
    },
    realPath: (path) => Promise.resolve(follow(String(path))),
    stat: async (path) => {
      await Promise.resolve();
      const entry = entries[follow(String(path))];
      if (entry === undefined) throw notFound(path);
      const isFile = entry !== "other" && "file" in entry;
      const number = Object.keys(entries).indexOf(follow(String(path)));
      const own = entry !== "other" && "device" in entry ? entry.device.number : undefined;
      return {
        ...await Deno.stat("/"),
        isFile,
        isDirectory: entry === "other",
        isBlockDevice: entry !== "other" && "device" in entry,
        ...{ ino: number, rdev: own ?? number },
        ...(isFile ? entry.file : {}),
      };
    },
  };
}
