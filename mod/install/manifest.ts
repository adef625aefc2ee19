/**
 * What `hare install` has made on a host, so that it takes back that and nothing else. It is written
 * before the things themselves: an installation that is cut short can be taken back too.
 *
 * @module
 */

import * as z from "zod";
import { SERVICE_USER, STATE_DIRECTORY } from "../host/places.ts";
import { HareError } from "../lib/errors.ts";
import { jsonText } from "../lib/json_text.ts";

/** Where it is on every host. */
export const MANIFEST_FILE: string = `${STATE_DIRECTORY}/install.json`;

/** Form of the file. */
const FORMAT = 1;

/** What was made. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** What `--version` of the Hare prints that was installed. */
  readonly hare: string;
  /** The users that were created. */
  readonly users: readonly string[];
  /** Directories that were made, those above others first. */
  readonly directories: readonly string[];
  /** SHA-256 of the files that were made, in hexadecimal, by path. */
  readonly files: Readonly<Record<string, string>>;
}

const path = z.string().startsWith("/");

const schema: z.ZodType<Manifest, string> = jsonText(
  z.object({
    format: z.literal(FORMAT),
    hare: z.string(),
    /** Whether user hare was created; earlier versions have only this field. */
    user: z.boolean(),
    users: z.array(z.string()).optional(),
    directories: z.array(path),
    files: z.record(path, z.string().regex(/^[0-9a-f]{64}$/)),
  }).transform(({ format, hare, user, users = user ? [SERVICE_USER] : [], directories, files }) => (
    // In the order of the interface, in which a plan compares it.
    { format, hare, users, directories, files }
  )),
);

/** The manifest of a host where nothing is installed yet. */
export const NOTHING_MADE: Omit<Manifest, "hare"> = {
  format: FORMAT,
  users: [],
  directories: [],
  files: {},
};

/**
 * Reads a manifest.
 *
 * @throws {HareError} when it is none
 */
export function readManifest(text: string): Manifest {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new HareError(`${MANIFEST_FILE} cannot be read: ${z.prettifyError(parsed.error)}`, {
    hint: "was it written by a newer hare? use that one",
  });
}

/** Writes a manifest. */
export function writeManifest(manifest: Manifest): string {
  const user = manifest.users.includes(SERVICE_USER);
  return JSON.stringify({ ...manifest, user }, null, 2) + "\n";
}
