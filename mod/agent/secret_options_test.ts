import { assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { HareError } from "../lib/errors.ts";
import { splitSecrets } from "./secret_options.ts";

Deno.test("splitSecrets() takes what holds a secret out of the argument list, in every form", () => {
  const cloud = "provider=aws tag_key=consul access_key_id=AKIA secret_access_key=s3";
  const acl = 'acl { tokens { agent = "1234" } }';
  const options = [
    "-log-level=debug",
    "-encrypt=abc==",
    ...["-encrypt", "def=="],
    "--encrypt=ghi==",
    `-hcl=${acl}`,
    ...["-hcl", 'encrypt_verify_outgoing = true\nencrypt = "x"'],
    "-hcl=ports { grpc = 8502 }",
    "-retry-join=10.0.0.1",
    `-retry-join=${cloud}`,
    ...["-retry-join-wan", "provider=x password=y"],
    ...["-config-file", "/etc/token"],
  ];
  assertEquals(splitSecrets(options), {
    open: [
      "-log-level=debug",
      "-hcl=ports { grpc = 8502 }",
      "-retry-join=10.0.0.1",
      ...["-config-file", "/etc/token"],
    ],
    files: [
      'encrypt = "abc=="\n',
      'encrypt = "def=="\n',
      'encrypt = "ghi=="\n',
      `${acl}\n`,
      'encrypt_verify_outgoing = true\nencrypt = "x"\n',
      `retry_join = ["${cloud}"]\n`,
      'retry_join_wan = ["provider=x password=y"]\n',
    ],
  });
});

Deno.test("splitSecrets() refuses an option without its value", () => {
  assertThrows(() => splitSecrets(["-encrypt"]), HareError, "-encrypt of the agent has no value");
});
