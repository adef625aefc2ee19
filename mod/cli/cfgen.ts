/**
 * `hare cfgen`: from the description of a cluster to its configuration.
 *
 * @module
 */

import {
  assertSound,
  CDF_HELP,
  type CdfDocument,
  cdfJsonSchema,
  debugText,
  type Facts,
  factsRequests,
  FILE_NAMES,
  generate,
  mockFacts,
  parseCdf,
  parseFacts,
  TARGET_NAMES,
  type TargetName,
  TARGETS,
} from "../../cfgen/mod.ts";
import { gatherFacts } from "../facts/mod.ts";
import { HareError, UsageError } from "../lib/errors.ts";
import { writeFilesAtomic } from "../lib/files.ts";
import { reasonOf } from "../lib/io_error.ts";
import { command, type CommandUnknownOpts, examples, Option } from "./command.ts";
import type { Context } from "./context.ts";
import { readInput } from "./input.ts";

/** Options of `hare cfgen`. */
export interface CfgenOptions {
  readonly output: string;
  readonly target: TargetName;
  /** Fabricate facts, from this seed; the empty text asks for any seed. */
  readonly mock?: string | undefined;
  /** Path of a facts file. */
  readonly facts?: string | undefined;
  readonly debug?: true | undefined;
  readonly helpSchema?: true | undefined;
  readonly jsonSchema?: true | undefined;
}

/** The sub-command. */
export function cfgenCommand(context: Context): CommandUnknownOpts {
  const cfgen = command("cfgen")
    .description(`Make a cluster's configuration: ${FILE_NAMES.join(", ")}.`)
    .argument("[cdf]", "description of the cluster; default, and `-`: standard input")
    .addOption(new Option("-o, --output <directory>", "write the files there").default("."))
    .addOption(
      new Option("--target <target>", "which Mero").choices(TARGET_NAMES).default("mero" as const),
    )
    .addOption(
      new Option("--mock [seed]", "fabricate facts, ask no host; --mock=SEED: the same each time")
        .conflicts("facts"),
    )
    .option("--facts <file>", "use facts gathered before")
    .addOption(
      new Option("--debug", "print the description enriched with facts, and stop")
        .conflicts("output"),
    )
    .addOption(
      new Option("--help-schema", "print what a description may contain, with comments")
        .conflicts(["jsonSchema", "mock", "facts", "debug", "output"]),
    )
    .addOption(
      new Option("--json-schema", "print the same as JSON Schema, for editors")
        .conflicts(["mock", "facts", "debug", "output"]),
    )
    .addHelpText(
      "after",
      examples(
        ["hare cfgen -o . cdf.yaml", "asks the hosts of cdf.yaml"],
        ["hare cfgen --mock -o . cdf.yaml", "asks no host"],
        ["hare cfgen --help-schema", "what a description may contain"],
      ),
    )
    .action((cdf, { mock, ...options }) =>
      runCfgen(cdf, { ...options, mock: typeof mock === "string" ? mock : undefined }, context)
    );
  // The library would take what follows a bare `--mock` for the seed, and that is the CDF.
  const parseOptions = cfgen.parseOptions.bind(cfgen);
  cfgen.parseOptions = (args) => {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    return parseOptions(args.map((arg, i) => arg === "--mock" && i < end ? "--mock=" : arg));
  };
  return cfgen;
}

/** Writes the four files, all of them or none; or prints what was asked for instead. */
export async function runCfgen(
  cdf: string | undefined,
  options: CfgenOptions,
  context: Context,
): Promise<void> {
  if (options.helpSchema || options.jsonSchema) {
    if (cdf !== undefined) throw new UsageError("a schema is printed without a description");
    return await context.stdout(
      options.helpSchema ? { verbatim: CDF_HELP } : { json: cdfJsonSchema() },
    );
  }
  if (options.debug !== true) await assertDirectory(options.output);
  const { name, text } = await readInput(cdf, "the cluster description", context);
  const document = parseCdf(text, { name, target: TARGETS[options.target] });
  const facts = await factsFor(document, options, context);
  if (options.debug === true) {
    await context.stdout({ verbatim: debugText(document, facts) });
    assertSound(document, facts);
    return;
  }
  const { files, warnings } = generate(document, facts);
  await context.stderr({ lines: warnings.flat() });
  await writeFilesAtomic(options.output, files);
}

async function factsFor(
  document: CdfDocument,
  { mock, facts }: CfgenOptions,
  context: Context,
): Promise<Facts> {
  if (facts !== undefined) {
    if (facts === "-") throw new UsageError("--facts names a file, not standard input");
    const { name, text } = await readInput(facts, "the facts", context);
    return parseFacts(text, name);
  }
  if (mock !== undefined) {
    const seed = mock === "" ? crypto.randomUUID().slice(0, 8) : mock;
    if (mock === "") {
      await context.stderr({ lines: [`facts are made up; the same again: --mock=${seed}`] });
    }
    return mockFacts(document, seed);
  }
  return await gatherFacts(factsRequests(assertSound(document)), context);
}

async function assertDirectory(path: string): Promise<void> {
  let reason = "it is no directory";
  try {
    if ((await Deno.stat(path)).isDirectory) return;
  } catch (error) {
    reason = reasonOf(error);
  }
  throw new HareError(`cannot write to ${path}: ${reason}`, {
    hint: "--output names a directory that exists",
  });
}
