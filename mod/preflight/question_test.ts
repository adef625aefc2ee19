import { parseCdf, type TargetName, TARGETS } from "../../cfgen/mod.ts";
import { assert, assertEquals } from "../../tests/lib/assert.ts";
import { but, GOOD } from "../../tests/lib/cdf.ts";
import { questionsOf, readQuestion } from "./question.ts";

function questions(name: TargetName, text = GOOD) {
  const target = TARGETS[name];
  const { cdf } = parseCdf(text, { name: "cdf.yaml", target });
  assert(cdf !== undefined);
  return questionsOf(cdf, target);
}

Deno.test("questionsOf() asks a server for more than another host", () => {
  const [a, b] = questions("mero");
  assertEquals(a, {
    name: "a",
    question: {
      format: 2,
      iface: undefined,
      globs: ["/dev/sd*"],
      consul: "consul",
      units: [
        "hare-consul-agent",
        "hare-hax",
        "hare-rc",
        "mero-kernel",
        "mero-mkfs@any",
        "m0d@any",
      ],
      failable: [
        "hare-*.service",
        "mero-kernel.service",
        "mero-mkfs@*.service",
        "m0d@*.service",
      ],
      ports: [
        { address: "data", port: 8301, unit: "hare-consul-agent" },
        { address: "127.0.0.1", port: 8500, unit: "hare-consul-agent" },
        { address: "127.0.0.1", port: 8600, unit: "hare-consul-agent" },
        { address: "data", port: 8300, unit: "hare-consul-agent" },
        { address: "data", port: 8302, unit: "hare-consul-agent" },
        { address: "127.0.0.1", port: 8503, unit: "hare-consul-agent" },
        { address: "127.0.0.1", port: 8008, unit: "hare-hax" },
      ],
    },
  });
  assertEquals([b?.name, b?.question.iface], ["b", "eth1"]);
  assertEquals(b?.question.units.includes("hare-rc"), false);
  assertEquals(b?.question.ports.map(({ port }) => port), [8301, 8500, 8600, 8008]);
});

Deno.test("questionsOf() asks for the target's units", () => {
  const [a] = questions("motr");
  assertEquals(a?.question.units.slice(3), ["motr-kernel", "motr-mkfs@any", "m0d@any"]);
});

Deno.test("questionsOf() wants nothing of Mero's on a host without its servers", () => {
  const without = but("[{ io_disks: { path_glob: /dev/sd* } }]", "[]");
  const [, b] = questions("mero", without);
  assertEquals(b?.question.units, ["hare-consul-agent", "hare-hax"]);
  assertEquals(b?.question.globs, []);
});

Deno.test("readQuestion() reads what was asked", () => {
  for (const { question } of questions("mero")) {
    const { iface, ...rest } = question;
    assertEquals(readQuestion(JSON.stringify(question)), iface === undefined ? rest : question);
  }
});

Deno.test("readQuestion() says why a text is no question", () => {
  const [a] = questions("mero");
  const bad: readonly (readonly [parts: object, why: string])[] = [
    [{ format: 3 }, "format"],
    [{ units: ["--help; rm -rf /"] }, "units[0]"],
    [{ failable: ["*", "$(id)"] }, "failable[1]"],
    [{ ports: [{ address: "0.0.0.0", port: 80, unit: "u" }] }, "ports[0].address"],
    [{ ports: [{ address: "data", port: 65536, unit: "u" }] }, "ports[0].port"],
    [{ globs: "text" }, "globs"],
  ];
  for (const [parts, why] of bad) {
    const read = readQuestion(JSON.stringify({ ...a?.question, ...parts }));
    assert(typeof read === "string" && read.includes(why), `${why} not in ${JSON.stringify(read)}`);
  }
  assertEquals(readQuestion("no JSON"), "✖ no JSON");
});
