/**
 * The one gate through which everything that changes the world passes during a bring-up. So a dry
 * run lists exactly what a run does, a log has all of it, and a run can be taken back.
 *
 * @module
 */

/** One change, in words: `{ where: "ssc-vm1", what: "start hare-rc", starts: "hare-rc" }`. */
export interface Change {
  /** A host's name, or `KV`. */
  readonly where: string;
  readonly what: string;
  /** The unit that runs from then on. */
  readonly starts?: string | undefined;
}

/** Options of a {@linkcode Gate}. */
export interface GateOptions {
  /** Nothing is changed, only noted. */
  readonly dryRun: boolean;
  /** Called with each change before it is made. */
  readonly note: (change: Change) => void;
  /** Called with what a dry run cannot know. {@default it is dropped} */
  readonly doubt?: ((message: string) => void) | undefined;
}

/** What takes a change back. */
export interface Undo extends Change {
  readonly work: () => Promise<void>;
}

/** What could not be taken back, and why. */
export interface UndoFailure extends Change {
  readonly error: unknown;
}

/** What changes the world, and how it would be taken back. */
export class Gate {
  readonly dryRun: boolean;
  readonly #note: (change: Change) => void;
  readonly #doubt: (message: string) => void;
  readonly #made: Change[] = [];
  readonly #undo: Undo[] = [];

  constructor(options: GateOptions) {
    this.dryRun = options.dryRun;
    this.#note = options.note;
    this.#doubt = options.doubt ?? (() => {});
  }

  /** The changes made so far, or begun, in their order; none in a dry run. */
  get made(): readonly Change[] {
    return this.#made;
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
    this.#made.push(change);
    if (undo !== undefined) this.#undo.push(undo);
    await work();
  }

  /** Tells what a dry run cannot know: what a run does depends on it. */
  doubt(message: string): void {
    this.#doubt(message);
  }

  /** Waits for the effect of changes: in a dry run there is nothing to wait for. */
  async wait(work: () => Promise<void>): Promise<void> {
    if (!this.dryRun) await work();
  }

  /** Takes back the changes made so far, the last first. */
  async rollBack(): Promise<readonly UndoFailure[]> {
    const failed: UndoFailure[] = [];
    this.#made.length = 0;
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
