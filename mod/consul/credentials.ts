/**
 * The credentials of a request: HTTP basic authentication, and an ACL token. The token may come
 * from a file that is replaced from time to time.
 *
 * @module
 */

import { HareError, messageOf, UsageError } from "../lib/errors.ts";
import { readSettingFile, readSettingFileSync } from "../lib/setting_file.ts";
import { base64FromText } from "./base64.ts";

/** Options of {@linkcode Credentials}. */
export interface CredentialsOptions {
  /** ACL token. */
  readonly token?: string | undefined;
  /** File whose token overrides {@linkcode token}; it is read again while the process runs. */
  readonly tokenFile?: string | undefined;
  /** `user:password`. */
  readonly basicAuth?: string | undefined;
}

/** How long a token is used before the file is read again. */
const FRESH_MS = 30_000;

/** The credentials of one client. */
export class Credentials {
  readonly #file: string | undefined;
  readonly #basic: string | undefined;
  readonly #nowMs: () => number;
  readonly #secrets = new Set<string>();
  #token: string | undefined;
  #readAtMs: number;
  #problem: string | null = null;

  /**
   * @param nowMs a monotonic clock
   * @throws {UsageError} when the file cannot be read
   * @throws {HareError} when the token cannot be sent
   */
  constructor(options: CredentialsOptions, nowMs: () => number) {
    this.#file = options.tokenFile;
    this.#nowMs = nowMs;
    this.#readAtMs = nowMs();
    const fromFile = this.#file === undefined ? "" : readNow(this.#file);
    this.#use(fromFile || options.token);
    const { basicAuth } = options;
    this.#basic = basicAuth && base64FromText(basicAuth);
    for (const secret of [basicAuth, this.#basic]) if (secret) this.#secrets.add(secret);
  }

  /** Whether there is a token. */
  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  /** Why the file could not be read again; `null` if it could. Never quotes the file's content. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Headers of a request. */
  headers(): Readonly<Record<string, string>> {
    return {
      ...(this.#token === undefined ? {} : { "x-consul-token": this.#token }),
      ...(this.#basic === undefined ? {} : { authorization: `Basic ${this.#basic}` }),
    };
  }

  /** `text` without any secret that was ever used. */
  redact(text: string): string {
    let rest = text;
    for (const secret of this.#secrets) rest = rest.replaceAll(secret, "(hidden)");
    return rest;
  }

  /** Reads the file again if the last reading was long ago. */
  async refresh(): Promise<void> {
    if (this.#file === undefined || this.#nowMs() - this.#readAtMs < FRESH_MS) return;
    await this.renew();
  }

  /**
   * Reads the file again. If the file is unusable, the token stays as it was.
   *
   * @returns whether the token has changed
   */
  async renew(): Promise<boolean> {
    if (this.#file === undefined) return false;
    this.#readAtMs = this.#nowMs();
    const before = this.#token;
    try {
      const token = (await readSettingFile(this.#file)).trim();
      if (token === "") throw new HareError("it is empty");
      this.#use(token);
      this.#problem = null;
    } catch (error) {
      this.#problem = `cannot use ${this.#file}: ${messageOf(error)}`;
    }
    return this.#token !== before;
  }

  #use(token: string | undefined): void {
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      // fetch would reject it too, but its error would quote the token.
      throw new HareError("Consul's token has characters that no token has", {
        hint: "see CONSUL_HTTP_TOKEN, or the file that CONSUL_HTTP_TOKEN_FILE names",
      });
    }
    this.#token = token;
    if (token !== undefined) this.#secrets.add(token);
  }
}

function readNow(file: string): string {
  try {
    return readSettingFileSync(file).trim();
  } catch (error) {
    throw new UsageError(`CONSUL_HTTP_TOKEN_FILE: cannot read ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
