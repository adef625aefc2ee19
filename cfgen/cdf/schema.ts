/**
 * The types of a cluster description (CDF). What goes beyond types is in `rules.ts`.
 *
 * @module
 */

import * as z from "zod";

/** A mapping with these keys and no others. Its error names the keys, for the message. */
function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<
  Shape,
  z.core.$strict
> {
  return z.strictObject(shape, {
    error: ({ code }) => code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined,
  });
}

/**
 * Largest number in a description. No cluster has more clients on a host, or units in a parity
 * group; a typing error must not create millions of objects.
 */
const MAX_COUNT = 10_000;

const text = z.string().min(1);
const count = z.int().min(0).max(MAX_COUNT);

const disksOfServer = mapping({
  path_glob: text.meta({ description: "shell pattern of the disks' paths on the host" }),
}).meta({ description: "disks that this server serves" });

const server = mapping({
  runs_confd: z.boolean().nullish().meta({
    description: "whether it runs the configuration service; at most one a host",
  }),
  io_disks: disksOfServer.nullish(),
}).meta({ description: "a Mero server process" });

const host = mapping({
  name: text.meta({ description: "[user@]hostname; `localhost` is the machine hare runs on" }),
  data_iface: text.nullish().meta({
    description: "network interface of Mero's services; default: that of the default route",
  }),
  m0_servers: z.array(server).nullish().meta({ description: "Mero servers of this host" }),
  c0_clients: count.meta({ description: "how many Clovis clients this host may have" }),
  m0t1fs_clients: count.meta({ description: "how many m0t1fs clients this host may have" }),
  disks: z.null().optional().meta({ description: "ignored; only null is allowed" }),
}).meta({ description: "a host of the cluster" });

const selection = mapping({
  host: text.meta({ description: "name of a host in `hosts`, or its node name" }),
  path_regex: z.string().superRefine(checkRegex).meta({
    description: "regular expression that matches the whole path of a disk",
  }),
}).meta({ description: "some disks of a host" });

const selections = z.array(selection).min(1);

const allowedFailures = mapping({
  site: count.nullish(),
  rack: count.nullish(),
  encl: count.nullish(),
  ctrl: count.nullish(),
  disk: count.nullish(),
}).meta({
  description: "failures to be borne at each level, 0 where absent; default: computed",
});

const pool = mapping({
  name: text.meta({ description: "name of the pool" }),
  disks: z.union([z.literal("all"), selections, mapping({ select: selections })]).meta({
    description: "`all` disks of the cluster, or a selection",
  }),
  data_units: z.int().min(1).max(MAX_COUNT).meta({
    description: "N: data units of a parity group",
  }),
  parity_units: count.meta({ description: "K: parity units of a parity group" }),
  spare_units: count.nullish().meta({
    description: "S: spare units of a parity group, target motr only; default: as many as K",
  }),
  allowed_failures: allowedFailures.nullish(),
}).meta({ description: "a storage pool" });

/** The schema of a CDF. */
export const cdfSchema = mapping({
  transport: z.enum(["libfab", "lnet"]).nullish().meta({
    description: "network transport, target motr only; default: libfab",
  }),
  hosts: z.array(host).min(1).meta({ description: "hosts of the cluster" }),
  pools: z.array(pool).min(1).meta({ description: "storage pools" }),
}).meta({ title: "Cluster description", description: "What hare cfgen is given" });

/** A CDF. An explicit null is the same as an absent key. */
export type Cdf = z.infer<typeof cdfSchema>;
/** A host of a CDF. */
export type CdfHost = z.infer<typeof host>;
/** A server of a host. */
export type CdfServer = z.infer<typeof server>;
/** A pool of a CDF. */
export type CdfPool = z.infer<typeof pool>;
/** Some disks of a host. */
export type CdfSelection = z.infer<typeof selection>;

/** The JSON Schema of a CDF, for editors. */
export function cdfJsonSchema(): object {
  return z.toJSONSchema(cdfSchema, { io: "input" });
}

/**
 * The regular expression that a whole path has to match.
 *
 * @throws {SyntaxError} when `source` is no regular expression
 */
export function wholePathRegex(source: string): RegExp {
  new RegExp(source); // an unbalanced bracket must not join with those below
  return new RegExp(`^(?:${source})$`, "s");
}

function checkRegex(source: string, context: z.RefinementCtx<string>): void {
  try {
    wholePathRegex(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const why = error.message.replace(/^Invalid regular expression: /, "");
    context.addIssue({ code: "custom", message: `not a regular expression: ${why}` });
  }
}
