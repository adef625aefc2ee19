/**
 * The cluster's state for programs: `hare status --json`.
 *
 * @module
 */

import type { CheckStatus } from "../consul/mod.ts";
import type { ProcessState, ProcessType } from "../kv/process_state.ts";
import { formatFid } from "../lib/fid.ts";
import type { Assessment, Level, Reason } from "./assess.ts";
import type { ConsulView, NodeView, RcView, World } from "./world.ts";

/** What `hare status --json` prints. Fids are texts, `0x7200000000000001:0x9`. */
export interface StatusJson {
  /** The exit status says the same: 0, 1, 2. */
  readonly level: Level;
  /** What is wrong, the worst first. */
  readonly reasons: readonly Reason[];
  /** Absent when Consul could not be asked. */
  readonly cluster?: ClusterJson;
}

/** The cluster itself. */
export interface ClusterJson {
  readonly consul: ConsulView;
  readonly rc: RcView;
  readonly nodes: readonly NodeView[];
  readonly processes: readonly ProcessJson[];
  readonly pools: readonly PoolJson[];
}

/** A Mero process. */
export interface ProcessJson {
  readonly node: string;
  readonly fid: string;
  readonly role: "hax" | "confd" | "ios" | "client";
  readonly types: readonly string[];
  readonly endpoint: string;
  /** What it reported last; `null` when it never did. */
  readonly state: ProcessState | null;
  readonly type: ProcessType | null;
  readonly pid: number | null;
  readonly checks: readonly {
    readonly service: string;
    readonly status: CheckStatus | "absent";
    readonly output: string;
  }[];
  /** Whether it does its work; `null` for a client, which Hare does not start. */
  readonly serves: boolean | null;
}

/** A pool. */
export interface PoolJson {
  readonly fid: string;
  readonly name: string;
  readonly data: number;
  readonly parity: number;
  readonly spare: number;
  /** Sites, racks, enclosures, controllers, drives. */
  readonly tolerance: readonly number[];
  readonly drives: number;
  readonly drivesLost: number;
  readonly controllers: number;
  readonly controllersHit: number;
  /** What may fail besides; `null` when more is lost than the pool bears. */
  readonly left: { readonly controllers: number; readonly drives: number } | null;
}

/** The value that becomes the JSON text. */
export function statusJson(world: World, { level, reasons, tallies }: Assessment): StatusJson {
  const { consul, rc, nodes, processes } = world;
  return {
    level,
    reasons,
    cluster: {
      consul,
      rc,
      nodes,
      processes: processes.map((process) => ({
        node: process.node,
        fid: formatFid(process.fid),
        role: process.role,
        types: process.types,
        endpoint: process.endpoint,
        state: process.record?.state ?? null,
        type: process.record?.type ?? null,
        pid: process.record?.pid ?? null,
        checks: process.checks,
        serves: process.role === "client" ? null : !tallies.idle.has(process),
      })),
      pools: tallies.pools.map(({ pool, ...loss }) => ({
        ...pool,
        ...loss,
        fid: formatFid(pool.fid),
      })),
    },
  };
}
