/**
 * What a host is asked about its storage, and what it answers: `hare inspect-storage` there reads the
 * question from standard input and prints the answer.
 *
 * @module
 */

import * as z from "zod";
import { jsonText } from "../lib/json_text.ts";

/** Form of questions and answers; two builds of Hare understand each other only in the same. */
export const FORMAT = 1;

const questionSchema = z.object({
  format: z.literal(FORMAT),
  devices: z.array(z.object({
    path: z.string().startsWith("/"),
    /** Its content and its use are asked as well, not only what it is. */
    content: z.boolean(),
  })),
  /** Directories that have a directory for each process of Mero. */
  dataDirectories: z.array(z.string().startsWith("/")),
});

/** A question about a host's storage. */
export type StorageQuestion = z.infer<typeof questionSchema>;

const deviceSchema = z.object({
  path: z.string(),
  kind: z.enum(["block", "file", "missing"]),
  /** In bytes. */
  size: z.number(),
  /** Empty where it is not known. */
  model: z.string(),
  /** Tells it from all others of its host; empty where it is not known. */
  number: z.string(),
  /** Numbers of its partitions. */
  parts: z.array(z.string()),
  /** World wide name; empty where it has none. Partitions of one device have different ones. */
  wwn: z.string(),
  /** Model and serial number; empty where it has none. Partitions of one device have different ones. */
  serial: z.string(),
  /** What uses it now, in words. */
  uses: z.array(z.string()),
  /** What is known on it, in words: `btrfs "backup"`. */
  signatures: z.array(z.string()),
  /** The place of the first byte found that is not zero. */
  dataAt: z.number().nullable(),
  /** Why finding nothing does not prove that it is blank. */
  problems: z.array(z.string()),
});

/** What is known of one device, or of a regular file in its place. */
export type DeviceInspection = Readonly<z.infer<typeof deviceSchema>>;

const answerSchema = z.object({
  format: z.literal(FORMAT),
  /** In the order of the question. */
  devices: z.array(deviceSchema),
  /** Data directories of processes that hold something, or why that is not known. */
  filledDirectories: z.union([
    z.object({ value: z.array(z.string()) }),
    z.object({ problem: z.string() }),
  ]),
});

/** A host's answer. */
export type StorageAnswer = z.infer<typeof answerSchema>;

/** Reads a question; the text is why it is none. */
export function readStorageQuestion(text: string): StorageQuestion | string {
  return read(jsonText(questionSchema), text);
}

/** Reads an answer; the text is why it is none. */
export function readStorageAnswer(text: string): StorageAnswer | string {
  return read(jsonText(answerSchema), text);
}

function read<T>(schema: z.ZodType<T, string>, text: string): T | string {
  const parsed = schema.safeParse(text);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll("\n", " ");
}
