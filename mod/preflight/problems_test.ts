import { assert, assertEquals, assertThrows } from "../../tests/lib/assert.ts";
import { answerOf, reportOf } from "../../tests/preflight/reports.ts";
import { FactsError } from "../facts/mod.ts";
import { UsageError } from "../lib/errors.ts";
import { factsFrom } from "./facts.ts";
import {
  parseCheckNames,
  PreflightError,
  type Problem,
  problemLines,
  withoutIgnored,
} from "./problems.ts";

const PROBLEMS: readonly Problem[] = [
  { name: "consul", host: "vm2", message: "Consul 1.8.0 is too old", remedy: "install another" },
  { name: "disks", host: "vm2", message: "nothing matches /dev/sd*", remedy: "see lsblk" },
  { name: "reachable", host: "alice@vm1", message: "no answer within 30 s", remedy: "ssh there" },
];

const RENDERED = `vm2:
  consul: Consul 1.8.0 is too old
    → install another
  disks: nothing matches /dev/sd*
    → see lsblk
alice@vm1:
  reachable: no answer within 30 s
    → ssh there
`;

Deno.test("problemLines() groups by host", () => {
  assertEquals(problemLines(PROBLEMS).map((line) => `${line}\n`).join(""), RENDERED);
  assertEquals(problemLines([]), []);
});

Deno.test("PreflightError has all problems in its message, and the way around them", () => {
  const { message, hint, problems } = new PreflightError(PROBLEMS);
  assertEquals(message, `not every host is ready:\n${RENDERED.trimEnd()}`);
  assertEquals(
    hint,
    "mend that and run the same command again; or pass over a check with --ignore-preflight NAME,…",
  );
  assertEquals(problems, PROBLEMS);
});

Deno.test("parseCheckNames() reads names", () => {
  assertEquals([...parseCheckNames("clock")], ["clock"]);
  assertEquals([...parseCheckNames("hare-version, failed-units,clock")], [
    "hare-version",
    "failed-units",
    "clock",
  ]);
});

Deno.test("parseCheckNames() refuses another name and tells those that there are", () => {
  for (const text of ["clocks", "", "clock,,disks", "reachable disks"]) {
    const error = assertThrows(() => parseCheckNames(text), UsageError);
    assertEquals(
      error.hint,
      "the checks are reachable, hare-version, consul, units, hax, failed-units, ports, clock, " +
        "timezone, disks, facts",
    );
  }
  assertThrows(() => parseCheckNames("clock,dicks"), UsageError, 'no preflight check "dicks"');
});

Deno.test("withoutIgnored() passes over those checks on every host", () => {
  const ignored = parseCheckNames("disks,reachable");
  assertEquals(withoutIgnored(PROBLEMS, ignored).map(({ name }) => name), ["consul"]);
  assertEquals(withoutIgnored(PROBLEMS, new Set()), PROBLEMS);
});

Deno.test("factsFrom() takes cfgen's facts out of the answers", () => {
  const { facts, disks } = answerOf();
  assert("value" in facts && "value" in disks);
  assertEquals(factsFrom([reportOf("alice@vm1")]), {
    hosts: { "alice@vm1": { facts: facts.value, disks: disks.value } },
  });
});

Deno.test("factsFrom() tells all that keeps it", () => {
  const act = () =>
    factsFrom([
      reportOf("vm1"),
      reportOf("vm2", { facts: { problems: ["no eth9", "no processors"] } }),
      reportOf("vm3", { facts: { problems: ["no eth9"] }, disks: { problems: ["no disks"] } }),
      {
        host: "vm4",
        outcome: { kind: "failed", name: "reachable", message: "no answer", remedy: "ssh" },
      },
    ]);
  const error = assertThrows(act, FactsError, "no facts from 3 of 4 hosts");
  assertEquals(error.problems, [
    "vm2: no eth9",
    "vm2: no processors",
    "vm3: no eth9",
    "vm3: no disks",
    "vm4: no answer",
  ]);
});
