/**
 * The HA link against a library of its own that plays Mero's side, from several threads, and holds
 * its caller to the interface's contract.
 */

import type { EntrypointReply, LinkEvents, Message, Peer } from "../../mod/halink/interface.ts";
import { MAX_NOTES } from "../../mod/halink/layout.ts";
import { checkLibrary } from "../../mod/halink/symbols.ts";
import { HareError } from "../../mod/lib/errors.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { runHere } from "../../mod/lib/process.ts";
import { waitFor } from "../../mod/lib/wait_for.ts";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "../lib/assert.ts";
import { buildForTests, FakeMotr, openLink } from "./fake_motr.ts";

const FLAVOURS = ["motr", "mero"] as const;

const ENTRYPOINT: EntrypointReply = {
  confds: [9, 53].map((key) => ({ fid: makeFid("process", key), endpoint: `confd-${key}` })),
  quorum: 2,
  rm: { fid: makeFid("service", 10), endpoint: "rm" },
};

/** What a link told, in order. */
class Heard implements LinkEvents {
  reply: EntrypointReply | null = ENTRYPOINT;
  readonly peers = new Map<bigint, Peer | null>();
  readonly messages: Message[] = [];
  readonly faults: unknown[] = [];
  asked = 0;
  /** Of each answer, whether it was the entrypoint, and after how many milliseconds it came. */
  readonly answers: (readonly [boolean, number])[] = [];
  /** Whoever asks may be answered. */
  isOpen = true;
  looked = 0;
  delivered = 0;
  lost = 0;
  onMessage: (link: bigint, message: Message) => void = () => {};

  mayLink(): boolean {
    this.looked += 1;
    return this.isOpen;
  }
  entrypoint(): EntrypointReply | null {
    this.asked += 1;
    return this.reply;
  }
  answered(hasEntrypoint: boolean, waitedMs: number): void {
    this.answers.push([hasEntrypoint, waitedMs]);
  }
  connected(link: bigint, peer: Peer | null): void {
    this.peers.set(link, peer);
  }
  message(link: bigint, message: Message): void {
    this.messages.push(message);
    this.onMessage(link, message);
  }
  sent(_: bigint, isDelivered: boolean): void {
    if (isDelivered) this.delivered += 1;
    else this.lost += 1;
  }
  closed(link: bigint): void {
    this.peers.delete(link);
  }
  fault(error: unknown): void {
    this.faults.push(error);
  }
}

const libraries = await buildForTests("halink", FLAVOURS);

/** Runs `test` with a started link of each library, and ends it in order. */
function testLink(
  name: string,
  test: (
    parts: {
      readonly motr: FakeMotr;
      readonly link: Awaited<ReturnType<typeof openLink>>;
      readonly heard: Heard;
    },
  ) => Promise<void>,
): void {
  for (const [flavour, library] of libraries) {
    Deno.test(`halink (${flavour}): ${name}`, async () => {
      using motr = new FakeMotr(library);
      const heard = new Heard();
      const link = await openLink(library, heard);
      await link.start();
      try {
        await test({ motr, link, heard });
      } finally {
        await link.stop();
      }
      motr.assertContractHeld();
      assertEquals(heard.faults, []);
      assertEquals([...heard.peers], [], "every link was closed");
    });
  }
}

testLink("who asks gets the entrypoint, and is linked", async ({ motr, heard }) => {
  assertEquals(heard.peers.size, 1, "its own link, from start");
  const asked = await motr.ask(9, 77);
  assertEquals(
    [asked.rc, asked.confds, asked.quorum, asked.rmKey, asked.endpoints],
    [0, 2, 2, 10, "confd-53 rm"],
  );
  assertEquals(heard.peers.get(asked.link), {
    process: makeFid("process", 9),
    endpoint: "peer",
    pid: 77,
    isFirst: true,
  });
  await motr.end(asked.link);
  assertEquals(heard.peers.has(asked.link), false);
});

testLink("who asks again keeps its link", async ({ motr, heard }) => {
  const { link } = await motr.ask(9, 77);
  const again = await motr.ask(9, 77, link);
  assertEquals([again.rc, again.link, heard.peers.size], [0, link, 2]);
});

testLink("who asks too early waits, and is told as soon as there is an answer", async (parts) => {
  const { motr, link, heard } = parts;
  heard.reply = null;
  const timer = setInterval(() => link.answerWaiting(), 10);
  try {
    const asked = motr.ask(9);
    const early = await motr.ask(12);
    assertEquals([early.rc, early.link], [-11, 0n], "come again");
    assertEquals(early.ms > 900, true, `it was told so after ${early.ms} ms`);
    assertEquals((await asked).rc, -11);
    const late = motr.ask(12);
    heard.reply = ENTRYPOINT;
    const { rc, ms } = await late;
    assertEquals(rc, 0);
    assertEquals(ms < 900, true, `it was answered after ${ms} ms`);
    assertEquals(heard.answers.map(([has]) => has), [true, false, false, true]);
    assertEquals(heard.answers.slice(1, 3).every(([, waitedMs]) => waitedMs > 900), true);
  } finally {
    clearInterval(timer);
  }
});

testLink("who comes back is not told to come again", async ({ motr, link, heard }) => {
  heard.reply = null;
  const timer = setInterval(() => link.answerWaiting(), 10);
  try {
    const asked = motr.ask(9, 1, 0n, false);
    const { rc } = await motr.ask(12);
    assertEquals(rc, -11, "its patience, and the other's, is over");
    heard.reply = ENTRYPOINT;
    assertEquals((await asked).rc, 0);
  } finally {
    clearInterval(timer);
  }
});

testLink("who may not be linked yet gets no answer", async ({ motr, link, heard }) => {
  heard.isOpen = false;
  const asked = motr.ask(9);
  await waitFor("its patience to be over", () => {
    link.answerWaiting();
    return Promise.resolve(
      heard.looked > 150 ? { ready: true, value: undefined } : { ready: false, why: "it waits" },
    );
  }, { limitMs: 60_000, intervalMs: 10 });
  assertEquals(heard.peers.size, 1);
  heard.isOpen = true;
  link.answerWaiting();
  const { rc, ms } = await asked;
  assertEquals([rc, ms > 1_000], [0, true], `after ${ms} ms`);
});

testLink("events of processes are read whole", async ({ motr, heard }) => {
  const { link } = await motr.ask(9);
  for (const event of [0, 1, 2, 3, 4]) await motr.events(link, 9, event, { type: 3, pid: 40 });
  await motr.events(link, 9, 0, { type: 2, pid: 41 });
  const process = makeFid("process", 9);
  assertEquals(heard.messages, [
    ...(["starting", "started", "stopping", "stopped"] as const).map((event) => ({
      ...{ kind: "process event" as const, process, event, type: "M0D" as const, pid: 40 },
    })),
    { kind: "other", type: 7, why: "an event of a process that says nothing of its life" },
    { kind: "process event", process, event: "starting", type: "M0MKFS", pid: 41 },
  ]);
});

testLink("events of services are read whole", async ({ motr, heard }) => {
  const { link } = await motr.ask(9);
  for (const event of [0, 1, 2, 3, 4, 5]) await motr.service(link, 10, event);
  const service = makeFid("service", 10);
  assertEquals(heard.messages, [
    ...(["starting", "started", "stopping", "stopped", "failed"] as const).map((event) => ({
      ...{ kind: "service event" as const, service, event },
    })),
    { kind: "other", type: 8, why: "an unknown event of a service" },
  ]);
});

testLink("10,000 messages from four threads: each is heard once", async ({ motr, heard }) => {
  const links = await Promise.all([1, 2, 3, 4].map((n) => motr.ask(n)));
  await Promise.all(
    links.map(({ link }, n) => motr.events(link, n + 1, 1, { count: 2_500, pid: 1 })),
  );
  for (const key of [1n, 2n, 3n, 4n]) {
    const pids = heard.messages.flatMap((message) =>
      message.kind === "process event" && message.process.key === key ? message.pid : []
    );
    assertEquals(pids, Array.from({ length: 2_500 }, (_, i) => i + 1), "in the sender's order");
  }
});

for (const count of [1, MAX_NOTES - 1, MAX_NOTES]) {
  testLink(`${count} states in a message arrive`, async ({ motr, link, heard }) => {
    const { link: peer } = await motr.ask(9);
    const notes = Array.from({ length: count }, (_, i) => ({
      fid: makeFid("drive", i + 1),
      state: i % 2 === 0 ? "failed" as const : "online" as const,
    }));
    link.sendStates(peer, { notes });
    await motr.end(peer);
    const { messages, notes: told, lastKey, lastState } = motr.told(peer);
    assertEquals([messages, told, lastKey, lastState], [1, count, count, count % 2 === 1 ? 2 : 1]);
    assertEquals(heard.delivered + heard.lost, 1);
  });
}

testLink("1,025 states in a message are refused", async ({ motr, link }) => {
  const { link: peer } = await motr.ask(9);
  const notes = Array(MAX_NOTES + 1).fill({ fid: makeFid("drive", 1), state: "online" });
  let refused = false;
  try {
    link.sendStates(peer, { notes });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refused = true;
  }
  assertEquals([refused, motr.told(peer).messages], [true, 0]);
});

testLink("questions are answered in the callback that brings them", async (parts) => {
  const { motr, link, heard } = parts;
  heard.onMessage = (from, message) => {
    if (message.kind === "states asked") {
      const notes = message.objects.map((fid) => ({ fid, state: "transient" as const }));
      link.sendStates(from, { notes, idOfGet: message.id });
    }
    if (message.kind === "failure vector asked") {
      link.sendFailureVector(from, message.pool, message.cookie);
    }
  };
  const { link: peer } = await motr.ask(9);
  for (const [i, count] of [0, 1, MAX_NOTES].entries()) {
    await motr.get(peer, BigInt(i + 1), 0x6b00000000000001n, 1, count);
    const { lastIdOfGet, lastState, lastKey } = motr.told(peer);
    assertEquals(lastIdOfGet, BigInt(i + 1));
    if (count > 0) assertEquals([lastKey, lastState], [count, 3]);
  }
  await motr.get(peer, 9n, 0x6b00000000000001n, 1, MAX_NOTES + 1);
  assertEquals(motr.told(peer).lastIdOfGet, 3n, "a question that no message can hold");
  await motr.vector(peer, 61, 0x1234_5678_9abc_def0n);
  const { vectors, lastCookie } = motr.told(peer);
  assertEquals([vectors, lastCookie], [1, 0x1234_5678_9abc_def0n]);
});

testLink("messages of rubbish are heard as such, and change nothing", async ({ motr, heard }) => {
  const { link } = await motr.ask(9);
  for (let type = 0; type < 20; type++) await motr.rubbish(link, type, BigInt(type + 1));
  await motr.rubbish(link, 2 ** 40, 7n);
  assertEquals(heard.messages.length, 21);
  const kinds = new Set(heard.messages.map(({ kind }) => kind));
  assertEquals([...kinds].sort(), ["error", "failure vector asked", "other"]);
});

testLink("what throws in a callback goes no further", async ({ motr, heard }) => {
  heard.onMessage = () => {
    throw new TypeError("a fault of the test");
  };
  const { link } = await motr.ask(9);
  await motr.events(link, 9, 1, { count: 3 });
  assertEquals(heard.faults.splice(0).map(String), Array(3).fill("TypeError: a fault of the test"));
});

testLink("1,000 links come and go, in every order", async ({ motr, link, heard }) => {
  const notes = [{ fid: makeFid("drive", 1), state: "failed" as const }];
  let sent = 0;
  for (let round = 0; round < 10; round++) {
    const peers = await Promise.all(Array.from({ length: 100 }, (_, n) => motr.ask(n + 1)));
    await Promise.all(peers.map(async ({ link: peer }, n) => {
      if (n % 3 === 0) await motr.events(peer, n + 1, 1);
      if (n % 2 === 0 && heard.peers.has(peer)) {
        link.sendStates(peer, { notes });
        sent += 1;
      }
      await motr.end(peer);
    }));
  }
  assertEquals(heard.peers.size, 1);
  assertEquals(heard.delivered + heard.lost, sent, "each message came to its end");
});

for (const [flavour, library] of libraries) {
  Deno.test(`halink (${flavour}): whoever still waits at the end is told to come again`, async () => {
    using motr = new FakeMotr(library);
    const heard = new Heard();
    const link = await openLink(library, heard);
    await link.start();
    heard.reply = null;
    const before = heard.asked;
    const waiting = motr.ask(9);
    await waitFor("the asker", () =>
      Promise.resolve(
        heard.asked > before ? { ready: true, value: undefined } : { ready: false, why: "none" },
      ), { limitMs: 5_000, intervalMs: 1 });
    await link.stop();
    const { rc, ms } = await waiting;
    assertEquals([rc, ms < 900], [-11, true], `after ${ms} ms`);
    motr.assertContractHeld();
  });

  Deno.test(`halink (${flavour}): who is left hears a last word, and no answer to anything`, async () => {
    const program = new URL("leave.ts", import.meta.url).pathname;
    const { code, stdout, stderr } = await runHere(
      [Deno.execPath(), "run", "-A", "--quiet", program, library],
      { limitMs: 60_000 },
    );
    assertEquals([code, stdout], [0, "left\nlast word\n"], stderr);
  });

  Deno.test(`halink (${flavour}): a library that fails to start says so and is let go`, async () => {
    using motr = new FakeMotr(library);
    for (let i = 0; i < 2; i++) {
      const link = await openLink(library, new Heard(), "refused");
      const error = await assertRejects(() => link.start(), HareError);
      assertStringIncludes(error.message, "its start returned -99");
    }
    motr.assertContractHeld();
  });
}

Deno.test("halink: a library that is not there is one clear error", async () => {
  const error = await assertRejects(() => openLink("/no/such/libmotr.so", new Heard()), HareError);
  assertStringIncludes(error.message, "cannot use the HA link's library /no/such/libmotr.so: ");
  assertStringIncludes(error.hint ?? "", "--no-halink");
});

for (const [flavour, library] of libraries) {
  Deno.test(`halink (${flavour}): checkLibrary() loads the library, or says why it cannot be`, async () => {
    assertEquals(checkLibrary(library), library);
    const bytes = await Deno.readFile(library);
    const CLASS = 4; // of the ELF header: 32 or 64 bits
    await withFile(bytes.with(CLASS, 1), (path) => {
      assertThrows(() => checkLibrary(path), HareError, `${path}: wrong ELF class: ELFCLASS32`);
    });
    await withFile(new TextEncoder().encode("INPUT(libmotr.so.2)\n"), (path) => {
      assertThrows(() => checkLibrary(path), HareError, `${path}: `);
    });
  });
}

Deno.test("halink: checkLibrary() refuses a library that is none of Mero's", () => {
  assertThrows(() => checkLibrary("libc.so.6"), HareError, "cannot use the HA link's library");
});

async function withFile(content: Uint8Array, act: (path: string) => void): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".so" });
  try {
    await Deno.writeFile(path, content);
    act(path);
  } finally {
    await Deno.remove(path);
  }
}
