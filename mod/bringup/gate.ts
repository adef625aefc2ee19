/**
 * The one gate through which everything that changes the world passes during a bring-up. So a dry
 * run lists exactly what a run does, a log has all of it, and a run can be taken back.
 *
 * @module
 */

/** One change, in words: `{ where: "ssc-vm1", what: "start unit hare-rc" }`. */
export interface Change {
  /** A host's name, or `KV`. */
  readonly where: string;
  readonly what: string;
}

/** Options of a {@linkcode Gate}. */
export interface GateOptions {
  /** Nothing is changed, only noted. */
  readonly dryRun: boolean;
  /** Called with each change before it is made. */
  readonly note: (change: Change) => void;
}

interface Undo extends Change {
  readonly work: () => Promise<void>;
}

/** What changes the world, and how it would be taken back. */
export class Gate {
  readonly dryRun: boolean;
  readonly #note: (change: Change) => void;
  readonly #undo: Undo[] = [];

  constructor(options: GateOptions) {
    this.dryRun = options.dryRun;
    this.#note = options.note;
  }

  /**
   * Makes a change; in a dry run it is only noted.
   *
   * @param undo takes the change back
   */
  async change(change: Change, work: () => Promise<void>, undo?: Undo): Promise<void> {
    this.#note(change);
    if (this.dryRun) return;
    // Before the work: a change that was cut short is taken back as well.
    if (undo !== undefined) this.#undo.push(undo);
    await work();
  }

  /** Waits for the effect of changes: in a dry run there is nothing to wait for. */
  async wait(work: () => Promise<void>): Promise<void> {
    if (!this.dryRun) await work();
  }

  /**
   * Takes back the changes made so far, the last first.
   *
   * @returns what could not be taken back, and why
   */
  async rollBack(): Promise<readonly (Change & { readonly error: unknown })[]> {
    const failed: (Change & { readonly error: unknown })[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      const { where, what, work } = undo;
      this.#note({ where, what });
      try {
        await work();
      } catch (error) {
        failed.push({ where, what, error });
      }
    }
    return failed;
  }
}
