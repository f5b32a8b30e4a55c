// What a parent and its workers say to each other. Structured clones: secrets travel here, never in arguments.

import type { Config } from "../config.ts";
import type { CoordinatorAnswer, CoordinatorRequest } from "../storage/remote-coordinator.ts";
import type { FaultRule } from "../testing/fault-rule.ts";
import type { RecorderAnswer, RecorderMessage } from "../testing/remote-recorder.ts";
import type { Place } from "./place.ts";
import type { Renewal } from "./renewal.ts";

/** The first word of a worker's arguments; no flag begins so. */
export const WORKER_WORD = "@worker";

/** Everything that a worker needs to begin. */
export interface WorkerOrders {
  readonly config: Config;
  /** Where all workers listen. */
  readonly place: Place;
  readonly renewal: Renewal;
  /** By which all workers find addresses in the table of failed logins. */
  readonly failureKey: Uint8Array;
  /** Which of the workers it is, from 0. */
  readonly number: number;
}

/** From the parent. */
export type ParentMessage =
  | { readonly kind: "start"; readonly orders: WorkerOrders }
  | { readonly kind: "answer"; readonly answer: CoordinatorAnswer }
  /** Go on with this. */
  | { readonly kind: "renew"; readonly renewal: Renewal }
  /** The file of the log was moved away. */
  | { readonly kind: "reopen-log" }
  | { readonly kind: "recorder-answer"; readonly answer: RecorderAnswer }
  | { readonly kind: "faults"; readonly rules: readonly FaultRule[] }
  | { readonly kind: "fault-count"; readonly id: number; readonly count: number }
  /** Answer "alive" as soon as you get to it. */
  | { readonly kind: "are-you-alive" }
  /** Finish what is in hand, then end. */
  | { readonly kind: "drain" };

/** From a worker. */
export type WorkerMessage =
  | { readonly kind: "listening"; readonly urls: readonly string[] }
  /** It cannot listen; the line says why. */
  | { readonly kind: "failed"; readonly line: string }
  | { readonly kind: "alive" }
  /** The workers together have answered as many requests as were asked for. */
  | { readonly kind: "enough-answered" }
  | { readonly kind: "ask"; readonly request: CoordinatorRequest }
  | { readonly kind: "recorder"; readonly message: RecorderMessage }
  /** A fault's turns are counted for all workers together. */
  | { readonly kind: "fault-count"; readonly id: number; readonly key: string }
  /** Rules for all workers. */
  | { readonly kind: "faults"; readonly rules: readonly FaultRule[] };
