/**
 * The objects of the hosts: nodes with their processes and services, and the hardware tree
 * (spec: cfgen.md, Order of creation, 2).
 *
 * @module
 */

import type { InventoryHost, InventoryServer } from "../inventory.ts";
import type { Role, Transport } from "../target.ts";
import type { Ledger } from "./ledger.ts";
import type {
  Controller,
  Drive,
  Node,
  Process,
  Rack,
  Sdev,
  Service,
  ServiceType,
} from "./objects.ts";

/** A host's objects. */
export interface HostObjects {
  readonly host: InventoryHost;
  readonly node: Node;
  readonly hax: Process;
  /** In the order of the CDF's `m0_servers`. */
  readonly servers: readonly ServerObjects[];
  readonly clients: readonly Process[];
  /** CAS services with the controller of the node's disks. */
  readonly cas: readonly CasOnController[];
}

/** A server and the drives of its disks, in their order. */
export interface ServerObjects {
  readonly process: Process;
  readonly drives: readonly Drive[];
}

/** A CAS service, and the controller under which its devices are. */
export interface CasOnController {
  readonly service: Service;
  readonly controller: Controller;
}

/** Options of {@linkcode buildHost}. */
export interface BuildHostOptions {
  readonly transport: Transport;
  readonly rack: Rack;
  /** Makes the next storage device of the cluster. */
  readonly addSdev: AddSdev;
}

/** Makes the next storage device of the cluster, with its number. */
export type AddSdev = (fields: Pick<Sdev, "path" | "size" | "blksize">) => Sdev;

/** Makes the objects of one host. */
export function buildHost(
  host: InventoryHost,
  ledger: Ledger,
  { transport, rack, addSdev }: BuildHostOptions,
): HostObjects {
  const { facts } = host;
  const node = ledger.add((key): Node => ({
    type: "node",
    key,
    memory: facts.memorysize_mb,
    processors: facts.processorcount,
    processes: [],
  }));
  const hasDisks = host.servers.some(({ disks }) => disks.length > 0);
  const controller = hasDisks ? addController(node, rack, ledger) : undefined;
  const nextEndpoint = endpoints(host.ip, transport);
  const addProcess = (role: Role, types: readonly ServiceType[]): Process => {
    const process = ledger.add((key): Process => ({
      type: "process",
      key,
      node,
      endpoint: nextEndpoint(role),
      services: [],
    }));
    node.processes.push(process);
    for (const type of types) addService(process, type, ledger);
    return process;
  };
  const cas: CasOnController[] = [];
  const addServer = (server: InventoryServer): ServerObjects => {
    const runsConfd = server.cdf.runs_confd === true;
    const process = addProcess(runsConfd ? "confd" : "ios", runsConfd ? ["RMS", "CONFD"] : ["RMS"]);
    if (controller === undefined || server.disks.length === 0) return { process, drives: [] };
    const ios = addService(process, "IOS", ledger);
    const drives = server.disks.map(({ facts }) =>
      addDrive(addSdev(facts), ios, controller, ledger)
    );
    for (const type of AFTER_IOS) {
      const service = addService(process, type, ledger);
      if (type === "CAS") cas.push({ service, controller });
    }
    return { process, drives };
  };
  // In this order, which their keys show.
  const hax = addProcess("hax", ["HA", "RMS"]);
  const servers = host.servers.map(addServer);
  const count = host.cdf.c0_clients + host.cdf.m0t1fs_clients;
  const clients = Array.from({ length: count }, () => addProcess("client", ["RMS"]));
  return { host, node, hax, servers, clients, cas };
}

const AFTER_IOS = ["SNS_REP", "SNS_REB", "ADDB2", "CAS", "ISCS"] as const;

/** Puts a drive for `sdev` under a controller and the device under a service. */
export function addDrive(
  sdev: Sdev,
  service: Service,
  controller: Controller,
  ledger: Ledger,
): Drive {
  service.sdevs.push(sdev);
  const drive = ledger.add((key): Drive => ({ type: "drive", key, controller, sdev, pvers: [] }));
  controller.drives.push(drive);
  return drive;
}

function addController(node: Node, rack: Rack, ledger: Ledger): Controller {
  const enclosure = ledger.add((key) => ({
    type: "enclosure" as const,
    key,
    rack,
    node,
    controllers: [] as Controller[],
    pvers: [],
  }));
  rack.enclosures.push(enclosure);
  const controller = ledger.add((key): Controller => ({
    type: "controller",
    key,
    enclosure,
    node,
    drives: [],
    pvers: [],
  }));
  enclosure.controllers.push(controller);
  return controller;
}

function addService(process: Process, serviceType: ServiceType, ledger: Ledger): Service {
  const { endpoint } = process;
  const service = ledger.add((key): Service => ({
    type: "service",
    key,
    serviceType,
    endpoint,
    sdevs: [],
  }));
  process.services.push(service);
  return service;
}

/** Endpoints of one address, one after the other. */
function endpoints(ip: string, { numbers, format }: Transport): (role: Role) => string {
  const used = new Map<number, number>();
  return (role) => {
    const { portal, first } = numbers[role];
    const number = used.get(portal) ?? first;
    used.set(portal, number + 1);
    return format(ip, portal, number);
  };
}
