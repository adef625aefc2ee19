/**
 * The network of test hosts: a switch in a network namespace of its own, from which no way leads
 * out, with one port for each host. The namespace is also where the operator's programs run, at
 * the address that ends with 254. This machine has no place on it unless it is given one.
 *
 * @module
 */

import { type Run, runHere } from "../../mod/lib/process.ts";
import { exists } from "../../tools/cache.ts";
import { outputOf } from "../../tools/exec.ts";

/** States of a port, as Linux numbers them. */
const SILENT = "0";
const FORWARDING = "3";

/** The switch. */
export class Switch {
  /** Name of its network namespace, and the beginning of its hosts' names. */
  readonly #name: string;
  /** The first three numbers of all addresses. */
  readonly #net: string;

  private constructor(name: string, net: string) {
    this.#name = name;
    this.#net = net;
  }

  /** Makes a switch and its namespace. */
  static async make(name: string, net: string): Promise<Switch> {
    const made = new Switch(name, net);
    await outputOf(["ip", "netns", "add", name]);
    await made.#ip("link", "set", "lo", "up");
    await made.#ip("link", "add", "bridge", "type", "bridge", "stp_state", "0");
    await made.#ip("addr", "add", `${net}.254/24`, "dev", "bridge");
    await made.#ip("link", "set", "bridge", "up");
    return made;
  }

  /** The address of the host in a port. */
  address(port: number): string {
    return `${this.#net}.${port}`;
  }

  /** Name of the network namespace of the host in a port, while it is on. */
  namespace(port: number): string {
    return `${this.#name}-${port}`;
  }

  /** Runs programs in the switch's namespace. */
  readonly run: Run = (argv, options) =>
    runHere(["ip", "netns", "exec", this.#name, ...argv], options);

  /**
   * Gives the host in a port a new namespace, whose kernel knows nothing of sockets there were, and
   * a cable from `eth0` there to the port.
   */
  async plug(port: number): Promise<void> {
    const namespace = this.namespace(port);
    const mac = `02:77:00:00:00:${port.toString(16).padStart(2, "0")}`;
    await outputOf(["ip", "netns", "add", namespace]);
    await this.#ip(
      ...["link", "add", `port${port}`, "type", "veth"],
      ...["peer", "name", "eth0", "address", mac, "netns", namespace],
    );
    await this.#ip("link", "set", `port${port}`, "master", "bridge", "up");
    const there = ["ip", "-n", namespace] as const;
    await outputOf([...there, "link", "set", "lo", "up"]);
    await outputOf([...there, "addr", "add", `${this.address(port)}/24`, "dev", "eth0"]);
    await outputOf([...there, "link", "set", "eth0", "up"]);
  }

  /** Gives this machine itself a place on the network, at the address that ends with 253. */
  async connectHere(): Promise<void> {
    const name = this.#name;
    const end = ["type", "veth", "peer", "name", "here", "netns", name] as const;
    await outputOf(["ip", "link", "add", name, ...end]);
    await this.#ip("link", "set", "here", "master", "bridge", "up");
    await outputOf(["ip", "addr", "add", `${this.#net}.253/24`, "dev", name]);
    await outputOf(["ip", "link", "set", name, "up"]);
  }

  /** Takes the cable and the namespace away. */
  async unplug(port: number): Promise<void> {
    await this.#ip("link", "del", `port${port}`);
    await outputOf(["ip", "netns", "del", this.namespace(port)]);
  }

  /** Has a port drop all that passes it; the host's end of the cable knows nothing of it. */
  silence(port: number): Promise<void> {
    return this.#setState(port, SILENT);
  }

  /** Has a silent port pass on again. */
  forward(port: number): Promise<void> {
    return this.#setState(port, FORWARDING);
  }

  async #setState(port: number, state: string): Promise<void> {
    const there = ["bridge", "-n", this.#name] as const;
    await outputOf([...there, "link", "set", "dev", `port${port}`, "state", state]);
  }

  async #ip(...args: readonly string[]): Promise<void> {
    await outputOf(["ip", "-n", this.#name, ...args]);
  }
}

/** Removes the namespaces of a switch and of its hosts, with all that is in them. */
export async function removeSwitch(name: string): Promise<void> {
  if (await exists(`/sys/class/net/${name}`)) await outputOf(["ip", "link", "del", name]);
  const list = await outputOf(["ip", "netns", "list"]);
  for (const line of list.split("\n")) {
    const [namespace = ""] = line.split(" ");
    if (namespace !== name && !namespace.startsWith(`${name}-`)) continue;
    await outputOf(["ip", "netns", "del", namespace]);
  }
}
