/**
 * What is registered: `/v1/catalog`.
 *
 * @module
 */

import * as z from "zod";
import type { Http } from "./http.ts";
import { consistencyOf, type ReadOptions } from "./request.ts";
import { readAll } from "./rights.ts";

/** A node. */
export interface CatalogNode {
  /** Consul's node id, a UUID. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly datacenter: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly modifyIndex: number;
}

/** A service on some node known from elsewhere. */
export interface ServiceInstance {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Empty where the service has the node's address. */
  readonly address: string;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly modifyIndex: number;
}

/** A service together with its node. */
export interface CatalogService extends ServiceInstance {
  readonly node: string;
  readonly nodeAddress: string;
}

/** A node and all its services. */
export interface NodeServices {
  readonly node: CatalogNode;
  readonly services: readonly ServiceInstance[];
}

const textMap = z.record(z.string(), z.string()).nullish().transform((map) => map ?? {});
const textList = z.array(z.string()).nullish().transform((list) => list ?? []);

/** Consul's form of a {@linkcode CatalogNode}. */
export const nodeSchema = z.object({
  ID: z.string(),
  Node: z.string(),
  Address: z.string(),
  Datacenter: z.string(),
  Meta: textMap,
  ModifyIndex: z.number(),
}).transform((raw): CatalogNode => ({
  id: raw.ID,
  name: raw.Node,
  address: raw.Address,
  datacenter: raw.Datacenter,
  meta: raw.Meta,
  modifyIndex: raw.ModifyIndex,
}));

/** Consul's form of a {@linkcode ServiceInstance}. */
export const serviceSchema = z.object({
  ID: z.string(),
  Service: z.string(),
  Tags: textList,
  Address: z.string(),
  Port: z.number().default(0), // left out where it is 0
  Meta: textMap,
  ModifyIndex: z.number().default(0), // the agent's own view has none
}).transform((raw): ServiceInstance => ({
  id: raw.ID,
  name: raw.Service,
  tags: raw.Tags,
  address: raw.Address,
  port: raw.Port,
  meta: raw.Meta,
  modifyIndex: raw.ModifyIndex,
}));

const catalogServiceSchema = z.object({
  Node: z.string(),
  Address: z.string(),
  ServiceID: z.string(),
  ServiceName: z.string(),
  ServiceTags: textList,
  ServiceAddress: z.string(),
  ServicePort: z.number(),
  ServiceMeta: textMap,
  ModifyIndex: z.number(),
}).transform((raw): CatalogService => ({
  node: raw.Node,
  nodeAddress: raw.Address,
  id: raw.ServiceID,
  name: raw.ServiceName,
  tags: raw.ServiceTags,
  address: raw.ServiceAddress,
  port: raw.ServicePort,
  meta: raw.ServiceMeta,
  modifyIndex: raw.ModifyIndex,
}));

const nodeServicesSchema = z.object({
  Node: nodeSchema,
  Services: z.record(z.string(), serviceSchema),
}).nullable();

/** The catalog of one datacenter. */
export class Catalog {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** All nodes. */
  async nodes(options: ReadOptions = {}): Promise<CatalogNode[]> {
    return await this.#read("nodes", z.array(nodeSchema), options);
  }

  /** Tags of each service, by the service's name. */
  async services(options: ReadOptions = {}): Promise<Record<string, string[]>> {
    return await this.#read("services", z.record(z.string(), textList), options);
  }

  /** The instances of service `name` on all nodes, whatever their health. */
  async service(name: string, options: ReadOptions = {}): Promise<CatalogService[]> {
    const what = `service/${encodeURIComponent(name)}`;
    return await this.#read(what, z.array(catalogServiceSchema), options);
  }

  /** A node and its services, or `null` where the catalog has no such node. */
  async nodeServices(node: string, options: ReadOptions = {}): Promise<NodeServices | null> {
    const raw = await this.#read(`node/${encodeURIComponent(node)}`, nodeServicesSchema, options);
    return raw && { node: raw.Node, services: Object.values(raw.Services) };
  }

  async #read<T>(what: string, schema: z.ZodType<T>, options: ReadOptions): Promise<T> {
    const path = `/v1/catalog/${what}`;
    const right = what === "nodes" ? readAll("node") : readAll("node", "service");
    const request = { method: "GET", path, query: consistencyOf(options), right } as const;
    return (await this.#http.call(request, options)).json(schema);
  }
}
