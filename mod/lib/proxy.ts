/**
 * Proxies, which fetch takes from the environment.
 *
 * @module
 */

/** Addresses of this machine, as `NO_PROXY` has them; one form of IPv6 holds IPv4 addresses. */
const OWN = "localhost,127.0.0.0/8,::1,::ffff:127.0.0.0/104,0.0.0.0,::";

/**
 * Configures fetch, for the whole process, to use proxies as Consul's own tools do. Call it before
 * the first request. Consul's tools never use a proxy for an address of this machine, because the
 * proxy would see the token, and they ignore `ALL_PROXY`.
 */
export function useProxiesAsConsul(): void {
  for (const name of ["ALL_PROXY", "all_proxy"]) {
    if (Deno.env.get(name) !== undefined) Deno.env.delete(name);
  }
  const variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
  if (!variables.some((name) => Deno.env.get(name))) return;
  const exceptions = [Deno.env.get("NO_PROXY") || Deno.env.get("no_proxy"), OWN];
  Deno.env.set("NO_PROXY", exceptions.filter((part) => part).join(","));
}
