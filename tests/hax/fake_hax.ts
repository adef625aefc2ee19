/**
 * A hax without a Consul, for tests of its HTTP side.
 *
 * @module
 */

import type { EntrypointAnswer } from "../../mod/entrypoint/entrypoint.ts";
import type { Served } from "../../mod/hax/handler.ts";
import type { Reception } from "../../mod/hax/hax.ts";
import { type HaxHealth, type Health, healthOfHax } from "../../mod/hax/health.ts";
import type { Metric } from "../../mod/lib/metrics.ts";
import { type Fid, formatFid, makeFid } from "../../mod/lib/fid.ts";

/** The one process of its node. */
export const OWN: Fid = makeFid("process", 9);

/** A hax that answers what it is set to, and keeps what it is told. */
export class FakeHax implements Served {
  readonly told: unknown[] = [];
  waits: string | null = null;
  process: Health = { level: "passing", why: "it runs" };
  answer: EntrypointAnswer = { known: false, why: "no leader is elected" };
  reception: Reception = "taken";

  health(): HaxHealth {
    return healthOfHax({
      waits: this.waits,
      consulAway: null,
      link: "none",
      queueLength: 0,
      queueCapacity: 1,
    });
  }

  healthOf(fid: Fid): Health | null {
    return formatFid(fid) === formatFid(OWN) ? this.process : null;
  }

  entrypoint(): EntrypointAnswer {
    return this.answer;
  }

  report(...told: unknown[]): Reception {
    this.told.push(told);
    return this.reception;
  }

  takeHint(hint: unknown): void {
    this.told.push(hint);
  }

  metrics(): readonly Metric[] {
    return [];
  }
}
