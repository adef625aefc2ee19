/**
 * Certificates and tokens for the agents of {@linkcode startConsul}.
 *
 * @module
 */

import * as z from "zod";
import { findConsul } from "../../mod/dev/consul_binary.ts";
import { runHere } from "../../mod/lib/process.ts";
import type { ConsulAgent } from "./consul.ts";

/** Certificates made by {@linkcode makeTlsFiles}: paths of PEM files. */
export interface TlsFiles {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/**
 * Makes a token with exactly these rules (HCL), at an agent with ACLs.
 *
 * @param name of the policy
 * @returns the token's secret
 */
export async function makeToken(
  agent: ConsulAgent,
  rules: string,
  managementToken: string,
  name = `test-${crypto.randomUUID()}`,
): Promise<string> {
  await putPolicy(agent, name, rules, managementToken);
  const body = { Policies: [{ Name: name }] };
  const made = await acl(agent, "PUT", "token", managementToken, body);
  return z.object({ SecretID: z.string() }).parse(made).SecretID;
}

/** Makes policy `name`, or gives it other rules (HCL). */
export async function putPolicy(
  agent: ConsulAgent,
  name: string,
  rules: string,
  managementToken: string,
): Promise<void> {
  const policies = z.array(z.object({ ID: z.string(), Name: z.string() }))
    .parse(await acl(agent, "GET", "policies", managementToken));
  const id = policies.find((policy) => policy.Name === name)?.ID;
  const path = id === undefined ? "policy" : `policy/${id}`;
  await acl(agent, "PUT", path, managementToken, { Name: name, Rules: rules });
}

async function acl(
  agent: ConsulAgent,
  method: string,
  path: string,
  token: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${agent.consul.address}/v1/acl/${path}`, {
    method,
    headers: { "x-consul-token": token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /v1/acl/${path}: ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Makes an authority, and certificates for an agent on `address` and for its clients, in `dir`. */
export async function makeTlsFiles(dir: string, address: string): Promise<TlsFiles> {
  const binary = await findConsul((name) => Deno.env.get(name), runHere);
  const ca = `${dir}/consul-agent-ca.pem`;
  const create = async (...args: string[]) => {
    // Consul writes to the directory it is run in.
    const { code, stderr } = await runHere([
      ...["env", "-C", dir, binary, "tls"] as const,
      ...args,
    ]);
    if (code !== 0) throw new Error(`consul tls ${args.join(" ")}: ${stderr}`);
  };
  await create("ca", "create");
  await create("cert", "create", "-server", `-additional-ipaddress=${address}`);
  await create("cert", "create", "-client");
  return {
    ca,
    serverCert: `${dir}/dc1-server-consul-0.pem`,
    serverKey: `${dir}/dc1-server-consul-0-key.pem`,
    clientCert: `${dir}/dc1-client-consul-0.pem`,
    clientKey: `${dir}/dc1-client-consul-0-key.pem`,
  };
}
