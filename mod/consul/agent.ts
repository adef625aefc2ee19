/**
 * The agent itself, its services and its checks: `/v1/agent`.
 *
 * @module
 */

import * as z from "zod";
import { type ServiceInstance, serviceSchema } from "./catalog.ts";
import { checkSchema, type CheckStatus, type HealthCheck } from "./health.ts";
import type { Http } from "./http.ts";
import type { CallOptions } from "./request.ts";
import type { KeptConnection } from "./kept_connection.ts";
import type { Query } from "./query.ts";
import { readAll } from "./rights.ts";

/** The agent that was asked. */
export interface AgentSelf {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Address that it gives to the other agents. */
  readonly address: string;
  readonly datacenter: string;
  readonly server: boolean;
  readonly version: string;
}

/** State of a member of the gossip pool. */
export type MemberStatus = "none" | "alive" | "leaving" | "left" | "failed";

/** A member of the gossip pool. */
export interface Member {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly status: MemberStatus;
  readonly server: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** A check to be registered with a service. Durations are Consul's: `10s`, `500ms`. */
export interface CheckDefinition {
  /** {@default `service:<id of the service>`, where it has one check} */
  readonly checkId?: string | undefined;
  readonly name?: string | undefined;
  readonly notes?: string | undefined;
  /** The check turns critical when this time passes without `updateCheck`. */
  readonly ttl?: string | undefined;
  /** State until the first result. {@default "critical"} */
  readonly status?: CheckStatus | undefined;
}

/** Options of {@linkcode Agent.updateCheck}. */
export interface UpdateOptions extends CallOptions {
  /** Kept by whoever says again and again how checks are: that costs much less. */
  readonly connection?: KeptConnection | undefined;
}

/** A service to be registered. */
export interface ServiceDefinition {
  /** {@default the name} */
  readonly id?: string | undefined;
  readonly name: string;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly checks?: readonly CheckDefinition[] | undefined;
}

/** A service of the agent, and its checks. */
export interface AgentServiceHealth {
  readonly service: ServiceInstance;
  readonly checks: readonly HealthCheck[];
}

const serviceHealthSchema = z.object({
  Service: serviceSchema,
  Checks: z.array(checkSchema).nullish(),
}).transform((raw): AgentServiceHealth => ({ service: raw.Service, checks: raw.Checks ?? [] }));

const selfSchema = z.object({
  Config: z.object({
    NodeID: z.string(),
    NodeName: z.string(),
    Datacenter: z.string(),
    Server: z.boolean(),
    Version: z.string(),
  }),
  Member: z.object({ Addr: z.string() }),
});

/** Numbers of the gossip library, in its order. */
const MEMBER_STATUS = ["none", "alive", "leaving", "left", "failed"] as const;

const membersSchema = z.array(
  z.object({
    Name: z.string(),
    Addr: z.string(),
    Port: z.number(),
    Tags: z.record(z.string(), z.string()),
    Status: z.number(),
  }).transform((raw): Member => ({
    name: raw.Name,
    address: raw.Addr,
    port: raw.Port,
    status: MEMBER_STATUS[raw.Status] ?? "none",
    server: raw.Tags.role === "consul",
    tags: raw.Tags,
  })),
);

/** The rules that let a token read a complete answer. */
const RIGHTS = {
  self: undefined,
  members: readAll("node"),
  services: readAll("service"),
  checks: readAll("node", "service"),
} as const;

/** The paths of a TTL check's updates. */
const UPDATES = { passing: "pass", warning: "warn", critical: "fail" } as const;

/** The agent. */
export class Agent {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Who the agent is. */
  async self(options: CallOptions = {}): Promise<AgentSelf> {
    const { Config, Member } = await this.#get("self", selfSchema, options);
    return {
      nodeId: Config.NodeID,
      nodeName: Config.NodeName,
      address: Member.Addr,
      datacenter: Config.Datacenter,
      server: Config.Server,
      version: Config.Version,
    };
  }

  /** The members of the gossip pool as this agent sees them. */
  async members(options: CallOptions = {}): Promise<Member[]> {
    return await this.#get("members", membersSchema, options);
  }

  /**
   * A service registered at this agent and its checks, or `null`. The call needs the right to read
   * this service only; Consul would filter a list.
   */
  async serviceHealth(id: string, options: CallOptions = {}): Promise<AgentServiceHealth | null> {
    const path = `/v1/agent/health/service/id/${encodeURIComponent(id)}`;
    // 503: one of its checks, or of its node's, is critical.
    const answer = await this.#http.call({ method: "GET", path, expect: [404, 503] }, options);
    return answer.status === 404 ? null : answer.json(serviceHealthSchema);
  }

  /** The services registered at this agent. */
  async services(options: CallOptions = {}): Promise<ServiceInstance[]> {
    return Object.values(
      await this.#get("services", z.record(z.string(), serviceSchema), options),
    );
  }

  /** The checks registered at this agent. */
  async checks(options: CallOptions = {}): Promise<HealthCheck[]> {
    return Object.values(await this.#get("checks", z.record(z.string(), checkSchema), options));
  }

  /** Registers a service, or changes it; checks it had and does not have any more are removed. */
  async registerService(definition: ServiceDefinition, options: CallOptions = {}): Promise<void> {
    const body = JSON.stringify({
      ID: definition.id,
      Name: definition.name,
      Address: definition.address,
      Port: definition.port,
      Tags: definition.tags,
      Meta: definition.meta,
      Checks: definition.checks?.map(rawCheck),
    });
    await this.#put("service/register", options, { "replace-existing-checks": true }, body);
  }

  /** Removes a service and its checks. */
  async deregisterService(id: string, options: CallOptions = {}): Promise<void> {
    await this.#put(`service/deregister/${encodeURIComponent(id)}`, options);
  }

  /**
   * Says how a TTL check is: a critical one ends the sessions bound to it, one in warning none.
   */
  async updateCheck(
    checkId: string,
    status: CheckStatus,
    note: string,
    options: UpdateOptions = {},
  ): Promise<void> {
    const path = `/v1/agent/check/${UPDATES[status]}/${encodeURIComponent(checkId)}`;
    await this.#http.call({ method: "PUT", path, query: { note } }, options);
  }

  /** A connection for {@linkcode Agent.updateCheck}, where one can be kept. */
  keepConnection(): KeptConnection | undefined {
    return this.#http.keep();
  }

  /** Has the agent read its configuration files again. */
  async reload(options: CallOptions = {}): Promise<void> {
    await this.#put("reload", options);
  }

  /** Has the agent join the gossip pool that the agent at `address` is in. */
  async join(address: string, options: CallOptions = {}): Promise<void> {
    await this.#put(`join/${encodeURIComponent(address)}`, options);
  }

  /** Has the agent leave the cluster and end. */
  async leave(options: CallOptions = {}): Promise<void> {
    await this.#put("leave", options);
  }

  /** Counts a failed node as left. */
  async forceLeave(node: string, options: CallOptions = {}): Promise<void> {
    await this.#put(`force-leave/${encodeURIComponent(node)}`, options);
  }

  async #get<T>(what: keyof typeof RIGHTS, schema: z.ZodType<T>, options: CallOptions): Promise<T> {
    const right = RIGHTS[what];
    const request = { method: "GET", path: `/v1/agent/${what}`, right } as const;
    return (await this.#http.call(request, options)).json(schema);
  }

  async #put(what: string, options: CallOptions, query?: Query, body?: string): Promise<void> {
    await this.#http.call({ method: "PUT", path: `/v1/agent/${what}`, query, body }, options);
  }
}

/** JSON leaves out what is undefined. */
function rawCheck(check: CheckDefinition): Record<string, string | number | undefined> {
  return {
    CheckID: check.checkId,
    Name: check.name,
    Notes: check.notes,
    TTL: check.ttl,
    Status: check.status,
  };
}
