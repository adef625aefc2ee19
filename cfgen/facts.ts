/**
 * Facts about hosts, which the CDF leaves open (spec: cfgen.md, Facts), and the file they are kept
 * in: `hare cfgen --facts`. The types are those of that file.
 *
 * @module
 */

import * as z from "zod";
import { HareError, messageOf } from "../mod/lib/errors.ts";
import { CdfError } from "./cdf/document.ts";
import { addIssues } from "./cdf/issues.ts";
import { Problems } from "./cdf/problems.ts";
import type { Cdf } from "./cdf/schema.ts";
import { Source } from "./cdf/source.ts";

/** Facts of all hosts. */
export interface Facts {
  /** By the host's name as the CDF has it. */
  readonly hosts: Readonly<Record<string, HostFacts>>;
}

/** What was found on one host. */
export interface HostFacts {
  readonly facts: SystemFacts;
  /** Disks by the glob that matched them, in the order in which they are to be used. */
  readonly disks: Readonly<Record<string, readonly DiskFacts[]>>;
}

/** The host itself. */
export interface SystemFacts {
  /** The node's name. */
  readonly hostname: string;
  readonly processorcount: number;
  /** Memory in MB, whole. */
  readonly memorysize_mb: number;
  /** IPv4 address of the default route. */
  readonly ipaddress?: string | undefined;
  readonly macaddress?: string | undefined;
  /** IPv4 address of an interface. */
  readonly [iface: `ipaddress_${string}`]: string | undefined;
}

/** A disk, or a regular file that stands for one. */
export interface DiskFacts {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Block size in bytes. */
  readonly blksize: number;
}

/** What has to be asked on a host. */
export interface FactsRequest {
  /** `[user@]hostname` as the CDF has it. */
  readonly name: string;
  /** Interface whose address is wanted; the default route's when there is none. */
  readonly iface: string | undefined;
  /** Globs of disks, each once. */
  readonly globs: readonly string[];
}

/** Facts about the host of this name, if there are any. */
export function factsAbout(name: string, { hosts }: Facts): HostFacts | undefined {
  return Object.hasOwn(hosts, name) ? hosts[name] : undefined;
}

/** The disks that a glob has matched on a host; none where the glob was not asked for. */
export function disksFor(glob: string, { disks }: HostFacts): readonly DiskFacts[] {
  return Object.hasOwn(disks, glob) ? disks[glob] ?? [] : [];
}

/** What has to be asked on the hosts of a CDF. */
export function factsRequests(cdf: Cdf): readonly FactsRequest[] {
  return cdf.hosts.map(({ name, data_iface, m0_servers }) => {
    const globs = (m0_servers ?? []).flatMap(({ io_disks }) => io_disks?.path_glob ?? []);
    return { name, iface: data_iface ?? undefined, globs: [...new Set(globs)] };
  });
}

/** A whole number, or its digits as text. */
function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  const number = z.int().min(minimum).max(maximum);
  const digits = z.string().regex(/^\d{1,16}$/, "a whole number");
  return z.union([number, digits.transform(Number).pipe(number)]);
}

/** Linux has at most 8192; each makes an entry in every process's list. */
const MAX_PROCESSORS = 65_536;

/** The same in KiB and bytes must be exact. */
const MAX_MEGABYTES = 2 ** 32;

/** Whole MB; what is beyond the point is dropped. */
const megabytes = z.union([
  z.number().min(0).max(MAX_MEGABYTES),
  z.string().regex(/^\d{1,15}(\.\d*)?$/, "a number").transform(Number)
    .pipe(z.number().max(MAX_MEGABYTES)),
]).transform(Math.trunc);

const IPV4 = /^(\d{1,3}\.){3}\d{1,3}$/;

const systemFacts = z.looseObject({
  hostname: z.string().min(1),
  processorcount: whole(1, MAX_PROCESSORS),
  memorysize_mb: megabytes,
  macaddress: z.string().optional(),
}).transform((found): SystemFacts => {
  const { hostname, processorcount, memorysize_mb, macaddress } = found;
  const addresses = Object.entries(found).filter(([name, value]) =>
    (name === "ipaddress" || name.startsWith("ipaddress_")) &&
    typeof value === "string" && IPV4.test(value)
  );
  return {
    hostname,
    processorcount,
    memorysize_mb,
    macaddress,
    ...Object.fromEntries(addresses),
  };
});

const hostFacts = z.object({
  facts: systemFacts,
  disks: z.record(
    z.string(),
    z.array(z.object({ path: z.string().min(1), size: whole(0), blksize: whole(1) })),
  ),
});

const factsSchema = z.object({ hosts: z.record(z.string(), hostFacts) });

/**
 * Reads a facts file.
 *
 * @param name the file's name, for messages
 * @throws {HareError} when `text` is no JSON
 * @throws {CdfError} with all problems, when it is no facts file
 */
export function parseFacts(text: string, name: string): Facts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HareError(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = factsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const source = new Source(name, text); // JSON is YAML, and this knows the lines
  const problems = new Problems(source);
  addIssues(parsed.error.issues, value, problems);
  throw new CdfError(source, problems.list("error"));
}
