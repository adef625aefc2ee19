/**
 * Certificates and tokens for the agents of {@linkcode startConsul}.
 *
 * @module
 */

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
 * @returns the token's secret
 */
export async function makeToken(
  agent: ConsulAgent,
  rules: string,
  managementToken: string,
): Promise<string> {
  const name = `test-${crypto.randomUUID()}`;
  const put = async (path: string, body: unknown): Promise<string> => {
    const response = await fetch(`${agent.consul.address}/v1/acl/${path}`, {
      method: "PUT",
      headers: { "x-consul-token": managementToken },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`PUT /v1/acl/${path}: ${response.status}: ${text}`);
    return text;
  };
  await put("policy", { Name: name, Rules: rules });
  return JSON.parse(await put("token", { Policies: [{ Name: name }] })).SecretID;
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
