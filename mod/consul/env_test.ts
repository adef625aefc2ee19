import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { UsageError } from "../lib/errors.ts";
import { consulOptionsFromEnv } from "./env.ts";

type Variables = Readonly<Record<string, string>>;

function options(variables: Variables): ReturnType<typeof consulOptionsFromEnv> {
  return consulOptionsFromEnv((name) => variables[name]);
}

const ADDRESSES: readonly (readonly [variables: Variables, address: string])[] = [
  [{}, "http://127.0.0.1:8500"],
  [{ CONSUL_HTTP_ADDR: "" }, "http://127.0.0.1:8500"],
  [{ CONSUL_HTTP_ADDR: "10.0.0.1:8500" }, "http://10.0.0.1:8500"],
  [{ CONSUL_HTTP_ADDR: "node-1" }, "http://node-1"],
  [{ CONSUL_HTTP_ADDR: "[::1]:8500" }, "http://[::1]:8500"],
  [{ CONSUL_HTTP_ADDR: "http://10.0.0.1:8500" }, "http://10.0.0.1:8500"],
  [{ CONSUL_HTTP_ADDR: "HTTP://10.0.0.1:8500/" }, "http://10.0.0.1:8500"],
  [{ CONSUL_HTTP_ADDR: "https://node-1:8501" }, "https://node-1:8501"],
  [{ CONSUL_HTTP_ADDR: "https://proxy/consul/a/" }, "https://proxy/consul/a"],
  [{ CONSUL_HTTP_ADDR: "node-1:8501", CONSUL_HTTP_SSL: "true" }, "https://node-1:8501"],
  // As in Consul's own tools: TLS that was asked for is never given up.
  [{ CONSUL_HTTP_ADDR: "http://node-1:8501", CONSUL_HTTP_SSL: "1" }, "https://node-1:8501"],
  [{ CONSUL_HTTP_ADDR: "https://node-1:8501", CONSUL_HTTP_SSL: "false" }, "https://node-1:8501"],
  [{ CONSUL_HTTP_SSL: "T" }, "https://127.0.0.1:8500"],
];

for (const [variables, address] of ADDRESSES) {
  Deno.test(`consulOptionsFromEnv() reads ${JSON.stringify(variables)} as ${address}`, () => {
    assertEquals(options(variables).address, address);
  });
}

const REFUSED: readonly (readonly [variables: Variables, message: string])[] = [
  [
    { CONSUL_HTTP_ADDR: "unix:///run/consul.sock" },
    "CONSUL_HTTP_ADDR is unix:///run/consul.sock: Hare cannot use unix sockets",
  ],
  [
    { CONSUL_HTTP_ADDR: "ftp://node-1" },
    "CONSUL_HTTP_ADDR is ftp://node-1: no address of an agent",
  ],
  [
    { CONSUL_HTTP_ADDR: "10.0.0.1:99999" },
    "CONSUL_HTTP_ADDR is 10.0.0.1:99999: no address of an agent",
  ],
  [
    { CONSUL_HTTP_ADDR: "http://hare:sesame@node-1:8500" },
    "CONSUL_HTTP_ADDR is …@node-1:8500: no address of an agent",
  ],
  [{ CONSUL_HTTP_SSL: "maybe" }, 'CONSUL_HTTP_SSL is "maybe": write true or false'],
  [
    { CONSUL_HTTP_SSL_VERIFY: "false" },
    "CONSUL_HTTP_SSL_VERIFY is false: Hare always checks certificates",
  ],
  [
    { CONSUL_HTTP_SSL_VERIFY: "0" },
    "CONSUL_HTTP_SSL_VERIFY is false: Hare always checks certificates",
  ],
  [
    { CONSUL_TLS_SERVER_NAME: "server.dc1.consul" },
    "CONSUL_TLS_SERVER_NAME is set: Hare cannot check another server name",
  ],
  [
    { CONSUL_CLIENT_CERT: "/nowhere/cert.pem" },
    "CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together",
  ],
  [
    { CONSUL_CACERT: "/nowhere/ca.pem" },
    "CONSUL_CACERT: cannot read /nowhere/ca.pem: No such file or directory (os error 2): " +
    "stat '/nowhere/ca.pem'",
  ],
];

for (const [variables, message] of REFUSED) {
  Deno.test(`consulOptionsFromEnv() refuses ${JSON.stringify(variables)}`, () => {
    assertEquals(assertThrows(() => options(variables), UsageError).message, message);
  });
}

Deno.test("consulOptionsFromEnv() accepts that certificates shall be checked", () => {
  assertEquals(options({ CONSUL_HTTP_SSL_VERIFY: "true" }).address, "http://127.0.0.1:8500");
});

Deno.test("consulOptionsFromEnv() leaves CONSUL_NAMESPACE alone", () => {
  assertEquals(options({ CONSUL_NAMESPACE: "team" }), options({}));
});

Deno.test("consulOptionsFromEnv() names the token and the file that it may stand in", () => {
  const { token, tokenFile } = options({
    CONSUL_HTTP_TOKEN: "of-variable",
    CONSUL_HTTP_TOKEN_FILE: "/run/token",
  });
  assertEquals([token, tokenFile], ["of-variable", "/run/token"]);
  assertEquals([options({}).token, options({}).tokenFile], [undefined, undefined]);
});

Deno.test("consulOptionsFromEnv() reads user and password for a proxy", () => {
  assertEquals(options({ CONSUL_HTTP_AUTH: "hare:a:b" }).basicAuth, "hare:a:b");
  assertEquals(options({ CONSUL_HTTP_AUTH: "hare" }).basicAuth, "hare:");
});

Deno.test("consulOptionsFromEnv() reads certificates; a file of authorities goes first", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["a", "b", "cert", "key"]) await Deno.writeTextFile(`${dir}/${name}`, name);
    await Deno.mkdir(`${dir}/cas/deeper`, { recursive: true });
    await Deno.writeTextFile(`${dir}/cas/2.pem`, "two");
    await Deno.writeTextFile(`${dir}/cas/1.pem`, "one");
    const pair = { CONSUL_CLIENT_CERT: `${dir}/cert`, CONSUL_CLIENT_KEY: `${dir}/key` };
    assertEquals(options(pair).tls, { caCerts: [], clientCert: { cert: "cert", key: "key" } });
    const path = { CONSUL_CAPATH: `${dir}/cas` };
    assertEquals(options(path).tls?.caCerts, ["one", "two"]);
    assertEquals(options({ ...path, CONSUL_CACERT: `${dir}/a` }).tls?.caCerts, ["a"]);
    assertEquals(options({}).tls, undefined);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
