/**
 * What a host is asked before a bring-up.
 *
 * @module
 */

import * as z from "zod";
import { type Cdf, factsRequests, type Target } from "../../cfgen/mod.ts";
import { CONSUL_UNIT, HAX_UNIT, RC_UNIT } from "../host/places.ts";
import { jsonText } from "../lib/json_text.ts";

/** Form of questions and answers; two builds of Hare understand each other only in the same. */
export const FORMAT = 2;

/** A port that must be free, or taken by the unit it is meant for. */
export interface Port {
  /** `data`: the address of the interface for Mero's services. */
  readonly address: "data" | "127.0.0.1";
  readonly port: number;
  /** The unit whose port it is. */
  readonly unit: string;
}

/** The question to one host. */
export interface Question {
  readonly format: typeof FORMAT;
  /** Interface of Mero's services; that of the default route when there is none. */
  readonly iface?: string | undefined;
  /** Globs of disks. */
  readonly globs: readonly string[];
  /** Consul's program. */
  readonly consul: string;
  /** Units that must be installed. */
  readonly units: readonly string[];
  /** Patterns of the units that must not have failed. */
  readonly failable: readonly string[];
  readonly ports: readonly Port[];
}

const unit = z.string().regex(/^[A-Za-z0-9_.@:-]+$/);

const schema: z.ZodType<Question, string> = jsonText(z.object({
  format: z.literal(FORMAT),
  iface: z.string().min(1).optional(),
  globs: z.array(z.string()),
  consul: z.string().min(1),
  units: z.array(unit),
  failable: z.array(z.string().regex(/^[A-Za-z0-9_.@:*-]+$/)),
  ports: z.array(z.object({
    address: z.enum(["data", "127.0.0.1"]),
    port: z.int().min(1).max(65535),
    unit,
  })),
}));

/**
 * Reads a question.
 *
 * @returns the question, or in words why it is none
 */
export function readQuestion(text: string): Question | string {
  const parsed = schema.safeParse(text);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error);
}

/** A question, and the host it is for. */
export interface HostQuestion {
  /** `[user@]hostname` as the CDF has it. */
  readonly name: string;
  readonly question: Question;
}

/** Whoever asks systemd about a template must name an instance, of which no unit is made. */
const ANY_INSTANCE = "any";

/** What the hosts of a cluster are to be asked, in the order of the CDF. */
export function questionsOf(cdf: Cdf, target: Target): readonly HostQuestion[] {
  const requests = factsRequests(cdf);
  return cdf.hosts.map(({ name, m0_servers }, i) => {
    const servers = m0_servers ?? [];
    const isServer = servers.some(({ runs_confd }) => runs_confd === true);
    const { kernel, mkfs, server } = target.units;
    return {
      name,
      question: {
        format: FORMAT,
        iface: requests[i]?.iface,
        globs: requests[i]?.globs ?? [],
        consul: "consul",
        units: [
          CONSUL_UNIT,
          HAX_UNIT,
          ...(isServer ? [RC_UNIT] : []),
          ...(servers.length > 0 ? [kernel, mkfs(ANY_INSTANCE), server(ANY_INSTANCE)] : []),
        ],
        failable: ["hare-*", kernel, mkfs("*"), server("*")].map((unit) => `${unit}.service`),
        ports: [...CONSUL_PORTS, ...(isServer ? CONSUL_SERVER_PORTS : []), HAX_PORT],
      },
    };
  });
}

/** Gossip in the cluster, HTTP, DNS. */
const CONSUL_PORTS: readonly Port[] = [
  { address: "data", port: 8301, unit: CONSUL_UNIT },
  { address: "127.0.0.1", port: 8500, unit: CONSUL_UNIT },
  { address: "127.0.0.1", port: 8600, unit: CONSUL_UNIT },
];

/** Raft and RPC, gossip between clusters, gRPC. */
const CONSUL_SERVER_PORTS: readonly Port[] = [
  { address: "data", port: 8300, unit: CONSUL_UNIT },
  { address: "data", port: 8302, unit: CONSUL_UNIT },
  { address: "127.0.0.1", port: 8503, unit: CONSUL_UNIT },
];

const HAX_PORT: Port = { address: "127.0.0.1", port: 8008, unit: HAX_UNIT };
