/**
 * The per-process file `/etc/sysconfig/m0d-<fid>`, from which the units of a Mero process take
 * their parameters (spec: README.md, Two targets). systemd reads it as an `EnvironmentFile`.
 *
 * @module
 */

/** Variables of a per-process file, without the target's prefix. */
export interface ProcessParams {
  /** Endpoint of the process itself. */
  readonly M0D_EP: string;
  /** Endpoint of the node's hax. */
  readonly HA_EP: string;
  readonly PROCESS_FID: string;
  /** Path of the configuration, confd only. */
  readonly CONF_XC?: string;
  /** Directory below which each process has one of its own; Motr only. */
  readonly M0D_DATA_DIR?: string;
  /** What Motr's mkfs takes for the node's identity. */
  readonly NODE_UUID?: string;
}

/**
 * The file's text: a line `PREFIX_NAME='value'` each.
 *
 * @param prefix `MERO` or `MOTR`
 * @throws {TypeError} when a value holds a quote or a line break, which the format cannot carry
 */
export function renderProcessFile(prefix: string, params: ProcessParams): string {
  return Object.entries(params)
    .map(([name, value]: [string, string]) => {
      if (/['\n\r\0\\]/.test(value)) throw new TypeError(`${name}: cannot be written: ${value}`);
      return `${prefix}_${name}='${value}'\n`;
    })
    .join("");
}

/**
 * The variables of such a file, with their prefixes. Blank lines and comments are passed over.
 *
 * @throws {SyntaxError} when a line is no assignment
 */
export function parseProcessFile(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => !/^\s*(#|;|$)/.test(line));
  return new Map(lines.map((line) => {
    const [, name, quoted, bare] = /^([A-Z0-9_]+)=(?:'([^']*)'|(\S*))$/.exec(line) ?? [];
    const value = quoted ?? bare;
    if (name === undefined || value === undefined) {
      throw new SyntaxError(`not NAME='value': ${line}`);
    }
    return [name, value];
  }));
}
