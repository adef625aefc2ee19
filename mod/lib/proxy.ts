/**
 * Proxies, which fetch takes from the environment.
 *
 * @module
 */

/**
 * Keeps requests to this machine's own addresses from any proxy, for the whole process; to be
 * called before its first request. Consul's own tools never ask a loopback address through one,
 * fetch does, and the proxy would see the token.
 */
export function keepLoopbackDirect(): void {
  const variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
  if (!variables.some((name) => Deno.env.get(name))) return;
  const exceptions = [
    Deno.env.get("NO_PROXY") || Deno.env.get("no_proxy"),
    "localhost,127.0.0.0/8,::1",
  ];
  Deno.env.set("NO_PROXY", exceptions.filter((part) => part).join(","));
}
