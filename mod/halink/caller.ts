/**
 * The main thread's side of the worker: one call at a time, each with a time limit.
 *
 * @module
 */

import { HareError, TimeLimitError } from "../lib/errors.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker.ts";

/** What a call came to. */
export type CallResult = Extract<WorkerAnswer, { readonly done: unknown }>;

/** Calls the library through the worker. */
export class Caller {
  readonly #worker: Worker;
  #answer: PromiseWithResolvers<WorkerAnswer> | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => this.#answer?.resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#answer?.reject(new HareError(`the HA link's worker failed: ${event.message}`));
    };
  }

  /**
   * Has the worker make a call, while this thread goes on answering callbacks.
   *
   * @param limitMs time limit in milliseconds; `null` for a call that waits for others
   * @throws {HareError} when the call fails
   * @throws {TimeLimitError} when it does not end; no further call can be made then
   */
  async call(request: WorkerRequest, limitMs: number | null): Promise<CallResult> {
    const answer = this.#answer = Promise.withResolvers<WorkerAnswer>();
    const timer = limitMs === null ? undefined : setTimeout(() => {
      answer.reject(
        new TimeLimitError(
          `the HA link's library did not end its ${request.call} within ${limitMs / 1000} s`,
        ),
      );
    }, limitMs);
    try {
      this.#worker.postMessage(request);
      const result = await answer.promise;
      if ("done" in result) return result;
      throw new HareError(`the HA link's library failed: ${result.why}`, {
        hint: result.failed === "start"
          ? "is the endpoint this node's own, and free? does another hax run?"
          : undefined,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
