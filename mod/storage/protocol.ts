/**
 * The questions to a host about its storage, and the answers: `hare inspect-storage` on that host
 * reads the question from standard input and prints the answer.
 *
 * @module
 */

import * as z from "zod";
import { jsonText } from "../lib/json_text.ts";

/** Version of the protocol; two builds of Hare understand each other only if it is equal. */
export const FORMAT = 1;

const questionSchema = z.object({
  format: z.literal(FORMAT),
  devices: z.array(z.object({
    path: z.string().startsWith("/"),
    /** The question includes the content and the use of the device, not only its identity. */
    content: z.boolean(),
  })),
  /** Parent directories, with a directory for each Mero process. */
  dataDirectories: z.array(z.string().startsWith("/")),
});

/** A question about a host's storage. */
export type StorageQuestion = z.infer<typeof questionSchema>;

const deviceSchema = z.object({
  path: z.string(),
  kind: z.enum(["block", "file", "missing"]),
  /** In bytes. */
  size: z.number(),
  /** Empty if unknown. */
  model: z.string(),
  /** Identifies the device among all devices of its host; empty if unknown. */
  number: z.string(),
  /** Numbers of its partitions. */
  parts: z.array(z.string()),
  /** World wide name; empty if there is none. Partitions of one device have different names. */
  wwn: z.string(),
  /**
   * Model and serial number; empty if there is none. Partitions of one device have different ones.
   */
  serial: z.string(),
  /** Descriptions of its present uses. */
  uses: z.array(z.string()),
  /** Descriptions of its recognized content: `btrfs "backup"`. */
  signatures: z.array(z.string()),
  /** Offset of the first byte found that is not zero. */
  dataAt: z.number().nullable(),
  /** Why the absence of findings does not prove that the device is blank. */
  problems: z.array(z.string()),
});

/** The inspection of one device, or of a regular file in its place. */
export type DeviceInspection = Readonly<z.infer<typeof deviceSchema>>;

const answerSchema = z.object({
  format: z.literal(FORMAT),
  /** In the order of the question. */
  devices: z.array(deviceSchema),
  /** Data directories of processes that are not empty, or why they are unknown. */
  filledDirectories: z.union([
    z.object({ value: z.array(z.string()) }),
    z.object({ problem: z.string() }),
  ]),
});

/** A host's answer. */
export type StorageAnswer = z.infer<typeof answerSchema>;

/** Parses a question; a text is the reason why it is invalid. */
export function readStorageQuestion(text: string): StorageQuestion | string {
  return read(jsonText(questionSchema), text);
}

/** Parses an answer; a text is the reason why it is invalid. */
export function readStorageAnswer(text: string): StorageAnswer | string {
  return read(jsonText(answerSchema), text);
}

function read<T>(schema: z.ZodType<T, string>, text: string): T | string {
  const parsed = schema.safeParse(text);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll("\n", " ");
}
