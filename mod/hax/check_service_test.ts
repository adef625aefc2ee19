import { assertEquals, assertStringIncludes } from "../../tests/lib/assert.ts";
import { makeFid } from "../lib/fid.ts";
import {
  type Checked,
  checkService,
  type CheckServiceDeps,
  type UnitState,
} from "./check_service.ts";

const HAX: Checked = { what: "hax" };
const PROCESS: Checked = { what: "process", fid: makeFid("process", 9) };

/** An agent that has a hax at this port of 127.0.0.1, or none. */
function agent(port: number | null): CheckServiceDeps["consul"]["agent"] {
  const hax = { id: "6", name: "hax", tags: [], address: "", meta: {}, modifyIndex: 0 };
  return {
    services: () => Promise.resolve(port === null ? [] : [{ ...hax, port }]),
    self: () =>
      Promise.resolve({
        nodeId: "",
        nodeName: "ssc-vm1",
        address: "127.0.0.1",
        datacenter: "",
        server: true,
        version: "",
      }),
  };
}

/** What check-service finds where systemd answers `shown`, or is not there. */
async function checkUnit(checked: Checked, shown: string | null): Promise<UnitState> {
  return await checkService(checked, {
    run: (argv) =>
      Promise.resolve({ code: 0, stdout: `${shown}\nunit=${argv.at(-1)}\n`, stderr: "" }),
    consul: { agent: agent(null) },
    signal: new AbortController().signal,
    hasSystemd: () => Promise.resolve(shown !== null),
  });
}

/** What check-service finds where there is no systemd, and hax answers every path with `status`. */
async function checkHttp(checked: Checked, status: number | "refused" | "unregistered") {
  const paths: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    paths.push(new URL(request.url).pathname);
    return new Response("the reason\n", { status: typeof status === "number" ? status : 500 });
  });
  const { port } = server.addr;
  if (status === "refused") await server.shutdown();
  const { state, why } = await checkService(checked, {
    run: () => Promise.reject(new Error("nothing may be run")),
    consul: { agent: agent(status === "unregistered" ? null : port) },
    signal: new AbortController().signal,
    hasSystemd: () => Promise.resolve(false),
  });
  if (status !== "refused") await server.shutdown();
  return { state, why, paths };
}

const UNITS: readonly (readonly [active: string, UnitState["state"]])[] = [
  ["active", "active"],
  ["reloading", "active"],
  ["failed", "failed"],
  ["inactive", "other"],
  ["activating", "other"],
  ["deactivating", "other"],
];
for (const [active, state] of UNITS) {
  Deno.test(`checkService() takes a unit that is ${active} for ${state}`, async () => {
    const shown = `LoadState=loaded\nActiveState=${active}`;
    const why = (unit: string) => `${unit} is ${active}`;
    assertEquals(await checkUnit(HAX, shown), { state, why: why("hare-hax.service") });
    const unit = "m0d@0x7200000000000001:0x9.service";
    assertEquals(await checkUnit(PROCESS, shown), { state, why: why(unit) });
  });
}

Deno.test("checkService() asks hax where systemd is not there, or does not know the unit", async () => {
  const expected: UnitState = { state: "other", why: "no hax is registered on this node" };
  assertEquals(await checkUnit(HAX, null), expected);
  assertEquals(await checkUnit(HAX, "LoadState=not-found\nActiveState=inactive"), expected);
  assertEquals(await checkUnit(HAX, ""), expected);
});

// Status of hax's answer → state of hax and of a process.
const ANSWERS: readonly (readonly [
  Parameters<typeof checkHttp>[1],
  UnitState["state"],
  UnitState["state"],
])[] = [
  [200, "active", "active"],
  [429, "other", "other"],
  [503, "failed", "failed"],
  [404, "other", "other"],
  ["refused", "failed", "other"],
  ["unregistered", "other", "other"],
];
for (const [answer, hax, process] of ANSWERS) {
  Deno.test(`checkService() where hax answers ${answer}`, async () => {
    const [ofHax, ofProcess] = [await checkHttp(HAX, answer), await checkHttp(PROCESS, answer)];
    assertEquals([ofHax.state, ofProcess.state], [hax, process]);
    if (typeof answer !== "number") return;
    assertStringIncludes(ofProcess.why, "the reason");
    assertEquals([ofHax.paths, ofProcess.paths], [["/"], ["/health/0x7200000000000001:0x9"]]);
  });
}
