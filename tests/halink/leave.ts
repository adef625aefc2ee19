/**
 * A program that leaves its HA link while a process is linked that goes on speaking; it says what
 * it hears.
 *
 * @module
 */

import type { LinkEvents } from "../../mod/halink/interface.ts";
import { makeFid } from "../../mod/lib/fid.ts";
import { FakeMotr, openLink } from "./fake_motr.ts";

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

const events: LinkEvents = {
  mayLink: () => true,
  entrypoint: () => {
    if (hasLeft) say("asked");
    return { confds: [], quorum: 0, rm: { fid: makeFid("service", 10), endpoint: "rm" } };
  },
  answered: () => {},
  connected: () => {},
  message: () => say("a message"),
  sent: () => say("heard"),
  closed: () => say("closed"),
  fault: (error) => say(`fault: ${error}`),
};
let hasLeft = false;

const motr = new FakeMotr(Deno.args[0] ?? "");
const link = await openLink(Deno.args[0] ?? "", events);
await link.start();
const { link: peer } = await motr.ask(9);
link.leave(() => {
  link.sendStates(peer, { notes: [{ fid: makeFid("process", 6), state: "online" }] });
  say("last word");
});
hasLeft = true;
motr.ask(12); // has no answer any more
await motr.events(peer, 9, 2);
say("left");
Deno.exit();
