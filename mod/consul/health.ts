/**
 * The checks of nodes and services: `/v1/health`.
 *
 * @module
 */

import * as z from "zod";
import { type CatalogNode, nodeSchema, type ServiceInstance, serviceSchema } from "./catalog.ts";
import type { Http } from "./http.ts";
import { consistencyOf, type ReadOptions } from "./request.ts";
import { readAll } from "./rights.ts";
import type { Watcher, WatchOptions } from "./watch.ts";

/** State of a check. */
export type CheckStatus = "passing" | "warning" | "critical";

/** A check of a node or of one of its services. */
export interface HealthCheck {
  readonly node: string;
  readonly checkId: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  /** What the check said last. */
  readonly output: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
  /** Empty for a check of the node. */
  readonly serviceName: string;
  readonly modifyIndex: number;
}

/** A service, its node, and the checks of both. */
export interface ServiceHealth {
  readonly node: CatalogNode;
  readonly service: ServiceInstance;
  readonly checks: readonly HealthCheck[];
}

/** Consul's form of a {@linkcode HealthCheck}. */
export const checkSchema = z.object({
  Node: z.string(),
  CheckID: z.string(),
  Name: z.string(),
  Status: z.enum(["passing", "warning", "critical"]),
  Notes: z.string(),
  Output: z.string(),
  ServiceID: z.string(),
  ServiceName: z.string(),
  ModifyIndex: z.number(), // 0 in the agent's own view
}).transform((raw): HealthCheck => ({
  node: raw.Node,
  checkId: raw.CheckID,
  name: raw.Name,
  status: raw.Status,
  notes: raw.Notes,
  output: raw.Output,
  serviceId: raw.ServiceID,
  serviceName: raw.ServiceName,
  modifyIndex: raw.ModifyIndex,
}));

const checksSchema = z.array(checkSchema);
const serviceHealthSchema = z.array(
  z.object({ Node: nodeSchema, Service: serviceSchema, Checks: checksSchema })
    .transform(({ Node, Service, Checks }): ServiceHealth => ({
      node: Node,
      service: Service,
      checks: Checks,
    })),
);

const RIGHT = readAll("node", "service");

/** The health of one datacenter. */
export class Health {
  readonly #http: Http;
  readonly #watcher: Watcher;

  constructor(http: Http, watcher: Watcher) {
    this.#http = http;
    this.#watcher = watcher;
  }

  /** The instances of service `name` with their checks; with `passing` only those all right. */
  async service(
    name: string,
    options: ReadOptions & { readonly passing?: boolean | undefined } = {},
  ): Promise<ServiceHealth[]> {
    const query = { ...consistencyOf(options), passing: options.passing };
    const request = { method: "GET", path: servicePath(name), query, right: RIGHT } as const;
    return (await this.#http.call(request, options)).json(serviceHealthSchema);
  }

  /** The checks of a node and of its services. */
  async node(name: string, options: ReadOptions = {}): Promise<HealthCheck[]> {
    return await this.#checks(`node/${encodeURIComponent(name)}`, options);
  }

  /** The checks of all nodes that are in this state. */
  async state(state: "any" | CheckStatus, options: ReadOptions = {}): Promise<HealthCheck[]> {
    return await this.#checks(`state/${state}`, options);
  }

  /** The health of service `name` as it is now, and again after each change (see `watch.ts`). */
  watchService(name: string, options: WatchOptions): AsyncIterableIterator<ServiceHealth[]> {
    return this.#watcher.watch({
      request: { method: "GET", path: servicePath(name), right: RIGHT },
      read: (answer) => answer.json(serviceHealthSchema),
      same: (a, b) => versionOf(a) === versionOf(b),
    }, options);
  }

  async #checks(what: string, options: ReadOptions): Promise<HealthCheck[]> {
    const path = `/v1/health/${what}`;
    const query = consistencyOf(options);
    const request = { method: "GET", path, query, right: RIGHT } as const;
    return (await this.#http.call(request, options)).json(checksSchema);
  }
}

/** All that can change, by the indexes of its last changes. */
function versionOf(state: readonly ServiceHealth[]): string {
  return JSON.stringify(state.map(({ node, service, checks }) => [
    node.name,
    node.modifyIndex,
    service.id,
    service.modifyIndex,
    checks.map((check) => [check.checkId, check.modifyIndex]),
  ]));
}

function servicePath(name: string): string {
  return `/v1/health/service/${encodeURIComponent(name)}`;
}
