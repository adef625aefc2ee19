/**
 * A Consul in memory, on HTTP: as much of its API as operations on a cluster use. What its agents
 * would know of themselves, it asks the stand-in cluster.
 *
 * @module
 */

import { base64FromText, textFromBase64 } from "../../mod/consul/base64.ts";

/** A check of a service, or of a node. */
export interface StandInCheck {
  readonly id: string;
  /** Empty for a check of the node. */
  readonly service: string;
  readonly serviceId: string;
  readonly status: "passing" | "warning" | "critical";
}

/** A node with a living agent, as the catalog has it. */
export interface StandInNode {
  readonly name: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly isServer: boolean;
  readonly checks: readonly StandInCheck[];
}

/** What the server asks. */
export interface ConsulHooks {
  /** All nodes; `null` where there is no leader, or no agent to be asked. */
  readonly nodes: () => readonly StandInNode[] | null;
  /** The asked agent is told to read its configuration anew. */
  readonly reload: () => void;
}

interface Entry {
  value: string;
  session: string | null;
  index: number;
}

/** The server, and its keys. */
export class StandInConsul implements AsyncDisposable {
  readonly address: string;
  /** The keys of each transaction. */
  readonly transactions: (readonly string[])[] = [];
  /** How often the agent was told to read its configuration anew. */
  reloads = 0;
  /** Called before a request is answered, `kv/leader`. */
  onRequest: (path: string) => void = () => {};
  readonly #hooks: ConsulHooks;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  readonly #entries = new Map<string, Entry>();
  /** Sessions by id. */
  readonly #sessions = new Map<string, { readonly node: string; readonly name: string }>();
  #index = 10;

  constructor(hooks: ConsulHooks) {
    this.#hooks = hooks;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: this.#stop.signal },
      (request) => this.#answer(request),
    );
    this.address = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The values by key, without those of locks. */
  get keys(): ReadonlyMap<string, string> {
    const own = [...this.#entries].filter(([, { session }]) => session === null);
    return new Map(own.map(([key, { value }]) => [key, value]));
  }

  value(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  put(key: string, value: string, session: string | null = null): void {
    this.#entries.set(key, { value, session, index: ++this.#index });
  }

  /** Makes a session, and returns its id. */
  addSession(node: string, name: string): string {
    const id = crypto.randomUUID();
    this.#sessions.set(id, { node, name });
    return id;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not a graceful shutdown, which would wait for a request whose sender was cut short.
    this.#stop.abort();
    await this.#server.finished;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    this.onRequest(pathname.replace("/v1/", ""));
    const nodes = this.#hooks.nodes();
    if (nodes === null) return new Response("No cluster leader", { status: 500 });
    const [, , family = "", what = "", ...rest] = decodeURIComponent(pathname).split("/");
    const name = rest.join("/");
    const checks = nodes.flatMap((node) => node.checks.map((check) => rawCheck(node, check)));
    switch (`${family}/${what}`) {
      case "agent/self": {
        const [{ name: NodeName = "" } = {}] = nodes;
        const Config = { NodeID: "id", NodeName, Datacenter: "dc1", Server: true, Version: "1" };
        return Response.json({ Config, Member: { Addr: "10.0.0.1" } });
      }
      case "agent/services": {
        const [asked] = nodes;
        const services = asked?.checks.filter(({ service }) => service !== "") ?? [];
        return Response.json(Object.fromEntries(
          services.map(({ serviceId: ID, service: Service }) => [ID, { ID, Service, Address: "" }]),
        ));
      }
      case "agent/reload":
        this.reloads += 1;
        this.#hooks.reload();
        return new Response("");
      case "status/leader":
        return Response.json("10.0.0.1:8300");
      case "operator/raft":
        return Response.json({
          Servers: nodes.filter(({ isServer }) => isServer)
            .map((node) => ({ ID: node.name, Node: node.name, ...RAFT_SERVER })),
        });
      case "catalog/nodes":
        return Response.json(nodes.map(rawNode));
      case "catalog/service":
        return Response.json(checks.filter((check) => check.ServiceName === name).map(rawService));
      case "health/node":
        return Response.json(checks.filter((check) => check.Node === name));
      case "health/service":
        return Response.json(
          checks.filter((check) => check.ServiceName === name).map((check) => ({
            Node: rawNode({ name: check.Node, meta: {} }),
            Service: { ID: check.ServiceID, Service: name, Address: "", Port: 1, ModifyIndex: 1 },
            Checks: [check],
          })),
        );
      case "session/create": {
        const { Name } = await request.json();
        return Response.json({ ID: this.addSession(nodes[0]?.name ?? "", Name) });
      }
      case "session/info": {
        const session = this.#sessions.get(name);
        return Response.json(session === undefined ? [] : [rawSession(name, session)]);
      }
      case "session/renew":
        return this.#sessions.has(name)
          ? Response.json([])
          : new Response("no such session", { status: 404 });
      case "session/destroy":
        this.#sessions.delete(name);
        for (const [key, { session }] of this.#entries) {
          if (session === name) this.#entries.delete(key);
        }
        return Response.json(true);
      case "txn/":
        return this.#transact(await request.json());
    }
    if (family !== "kv") return new Response(`no ${pathname}`, { status: 400 });
    const key = [what, ...rest].join("/");
    return await this.#keyValue(key, request, searchParams);
  }

  async #keyValue(key: string, request: Request, query: URLSearchParams): Promise<Response> {
    switch (request.method) {
      case "PUT": {
        const session = query.get("acquire");
        const holder = this.#entries.get(key)?.session ?? null;
        if (session !== null && holder !== null && holder !== session) return Response.json(false);
        this.put(key, await request.text(), session);
        return Response.json(true);
      }
      case "DELETE":
        this.delete(key);
        return Response.json(true);
    }
    const isPrefix = query.has("recurse") || query.has("keys");
    const found = [...this.#entries.keys()]
      .filter((each) => isPrefix ? each.startsWith(key) : each === key).toSorted();
    if (found.length === 0) return new Response("", { status: 404 });
    if (query.has("keys")) return Response.json(found);
    return Response.json(found.map((each) => this.#raw(each)));
  }

  #transact(operations: readonly { KV: RawOperation }[]): Response {
    this.transactions.push(operations.map(({ KV }) => KV.Key));
    const refused = operations.flatMap(({ KV: { Verb, Key, Index } }, OpIndex) =>
      Verb.endsWith("cas") && (this.#entries.get(Key)?.index ?? 0) !== Index
        ? [{ OpIndex, What: `index of ${Key} is stale` }]
        : []
    );
    if (refused.length > 0) return Response.json({ Errors: refused }, { status: 409 });
    for (const { KV: { Verb, Key, Value = "" } } of operations) {
      if (Verb.startsWith("delete")) this.delete(Key);
      else this.put(Key, textFromBase64(Value));
    }
    return Response.json({ Results: [] });
  }

  #raw(key: string): object {
    const { value = "", session = null, index = 0 } = this.#entries.get(key) ?? {};
    return {
      Key: key,
      Value: base64FromText(value),
      Flags: 0,
      LockIndex: 0,
      CreateIndex: index,
      ModifyIndex: index,
      ...(session === null ? {} : { Session: session }),
    };
  }
}

interface RawOperation {
  readonly Verb: string;
  readonly Key: string;
  readonly Value?: string;
  readonly Index?: number;
}

function rawSession(ID: string, { node, name }: { node: string; name: string }): unknown {
  const rest = { LockDelay: 0, Behavior: "release", CreateIndex: 1, ModifyIndex: 1 };
  return { ID, Name: name, Node: node, ...rest };
}

const RAFT_SERVER = { Address: "", Leader: false, Voter: true };

function rawNode({ name, meta }: Pick<StandInNode, "name" | "meta">) {
  return { ID: name, Node: name, Address: "", Datacenter: "dc1", Meta: meta, ModifyIndex: 1 };
}

function rawCheck(node: StandInNode, check: StandInCheck) {
  return {
    Node: node.name,
    CheckID: check.id,
    Name: check.id,
    Status: check.status,
    Notes: "",
    Output: `it is ${check.status}`,
    ServiceID: check.serviceId,
    ServiceName: check.service,
    ModifyIndex: 1,
  };
}

function rawService({ Node, ServiceID, ServiceName }: ReturnType<typeof rawCheck>) {
  return {
    Node,
    Address: "",
    ServiceID,
    ServiceName,
    ServiceAddress: "",
    ServicePort: 1,
    ModifyIndex: 1,
  };
}
