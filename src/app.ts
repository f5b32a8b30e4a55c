// The route table: the only place that wires rooms together.

import { hostname } from "node:os";
import { createOwnFields } from "./admission/own-fields.ts";
import { createHsts, redirectToHttps } from "./admission/https-only.ts";
import { createRequestIds } from "./admission/request-ids.ts";
import type { AccessControl } from "./admission/access-gate.ts";
import { guardAddresses } from "./admission/address-rules.ts";
import { createCors } from "./admission/cors.ts";
import { createCrossOriginGate } from "./admission/cross-origin.ts";
import { allOf, finishDispatch, type Warn } from "./admission/gate.ts";
import { createHostGuard } from "./admission/host-guard.ts";
import { believeProxies } from "./admission/proxies.ts";
import type { Config } from "./config.ts";
import { echoBody, echoPath } from "./handlers/echo.ts";
import { suitRefusal } from "./handlers/error-replies.ts";
import { createFileHandlers } from "./handlers/files.ts";
import { createHealth, type Lifecycle } from "./handlers/health.ts";
import { createMetricsPage, type MetricsFormat } from "./handlers/metrics.ts";
import { createHome } from "./handlers/home.ts";
import { userAgent } from "./handlers/user-agent.ts";
import type { Dispatch, Gate } from "./http/message.ts";
import type { Routes } from "./http/routes.ts";
import type { Meters } from "./observe/meters.ts";
import { createRouter } from "./router.ts";
import { type Coordinator, LocalCoordinator, type Usage, type UsageLimits } from "./storage/coordinator.ts";
import { type EvictionNews, Evictor } from "./storage/evictor.ts";
import { LocalStorage } from "./storage/local-storage.ts";
import { type NameRules, PLAIN_NAMES } from "./storage/object-name.ts";
import { FaultBook, parseFaultRules } from "./testing/fault-book.ts";
import { BadFault, type FaultRule } from "./testing/fault-rule.ts";
import { refuseStranger } from "./testing/insiders.ts";
import { Recorder } from "./testing/recorder.ts";
import { SYSTEM_TIMER } from "./testing/timer.ts";
import { createToolRoutes, type TestingTools, toolDispatch } from "./testing/tools.ts";

/** Descriptors for the server's own work: one for each folder on the way to the deepest. */
const KEEPER_FILES = 256;
const HEALTH = "/-/health";
const METRICS = "/-/metrics";

/** What the application needs to know of a run. */
export type AppConfig = Pick<
  Config,
  | "directory"
  | "limits"
  | "port"
  | "tls"
  | "files"
  | "access"
  | "admission"
  | "log"
  | "testing"
  | "recordedRequests"
  | "faults"
>;

/** Where the rooms count with `--metrics`. */
export interface AppMeters extends Meters {
  /** What routes there are, before the first request. */
  useRoutes(paths: readonly string[]): void;
  readonly format: (format: MetricsFormat) => string;
}

/** The dispatch of the whole application, with so many files open at once. Paths are spelled as the README spells them. */
export function createDispatch(
  config: AppConfig,
  maxOpenFiles: number,
  coordinator: Coordinator,
  lifecycle: Lifecycle,
  warn: Warn,
  tools: TestingTools = createTools(config),
  access: AccessControl | null = null,
  meters: AppMeters | null = null,
): Dispatch {
  const { directory, limits, files: settings, admission } = config;
  const rules = rulesOf(config);
  const offer = directory === null ? "none" : settings.uploadOnly ? "drop-box" : "read";
  const routes: Routes = {
    "/": { access: "public", GET: createHome(offer, limits.maxBody) },
    "/echo/{text}": { access: "public", rest: "decoded", GET: echoPath },
    "/echo": { access: "public", POST: echoBody, PUT: echoBody },
    "/user-agent": { access: "public", GET: userAgent },
    [HEALTH]: { access: "private", GET: createHealth(lifecycle) },
    ...createFileHandlers(createStorage(config, maxOpenFiles, rules, coordinator), {
      ...settings,
      ...limits,
      // Where rights are set, they say who may delete.
      allowDelete: settings.allowDelete || access !== null,
      rules,
      maxBodyBytes: limits.maxBody,
      onHotFile: meters === null ? null : (isHit) => meters.hotFile(isHit),
    }),
    ...(meters === null ? {} : metricsRoute(meters)),
    ...(config.testing ? createToolRoutes(tools, admission.allowedHosts) : {}),
  };
  meters?.useRoutes(Object.keys(routes));
  const cors = createCors({ writers: admission.writeOrigins, readers: admission.readOrigins });
  const gates = [
    createHostGuard(admission.allowedHosts, hostname().toLowerCase(), warn),
    createCrossOriginGate(admission.writeOrigins, warn),
    cors.gate,
    ...(access === null ? [] : [unlessHealth(access.gate)]),
  ];
  const { hstsMs, redirectPort } = config.tls;
  const ownFields = config.access.ownFields.length === 0 ? null : createOwnFields(config.access.ownFields);
  const hsts = hstsMs === null ? null : createHsts(hstsMs);
  const ids = config.log.givesIds ? createRequestIds() : null;
  const finish = allOf([cors.finish, access?.finish, hsts, ids, ownFields]);
  const { allowedNetworks, deniedNetworks } = config.access;
  const routed = createRouter(routes, gates);
  const secured = redirectPort === null ? routed : redirectToHttps(routed, config.port, new Set([HEALTH]));
  const guarded = guardAddresses(secured, allowedNetworks, deniedNetworks);
  const dispatch = finishDispatch(guarded, (request, response) => suitRefusal(request, response, offer), finish);
  const outermost = config.testing ? toolDispatch(dispatch, tools, warn) : dispatch;
  return believeProxies(outermost, config.access.trustedProxies, warn);
}

/** Who may see what others send may see how many they are. */
function metricsRoute({ format }: AppMeters): Routes {
  const page = createMetricsPage(format);
  return { [METRICS]: { access: "private", GET: (request) => refuseStranger(request) ?? page(request) } };
}

/** Balancers have no password. */
function unlessHealth(gate: Gate): Gate {
  return (request) => (request.route?.path === HEALTH ? null : gate(request));
}

/** Where exchanges are kept with --testing: one for a server, however many workers it has. */
export function createRecorder({ recordedRequests }: AppConfig): Recorder {
  return new Recorder(recordedRequests, SYSTEM_TIMER);
}

/** What all writers on the directory agree through: one for a server, however many workers it has. */
export function createCoordinator(config: AppConfig, measure: () => Promise<Usage>): LocalCoordinator {
  return new LocalCoordinator(usageLimits(config), measure);
}

/** How much the directory may hold. */
export function usageLimits({ files }: AppConfig): UsageLimits {
  return { bytes: files.quotaBytes, files: files.maxFiles, minFree: files.minFreeBytes };
}

/**
 * The directory for the server's own work on it: to recover, sweep and measure. It waits for the server's writers as they
 * wait for each other, wherever they are. Null when there is none to change.
 */
export function createKeeper(config: AppConfig, coordinator: Coordinator): LocalStorage | null {
  return config.files.readOnly ? null : createStorage(config, KEEPER_FILES, rulesOf(config), coordinator);
}

/** What keeps the directory small; null when nothing goes by itself. */
export function createEvictor(config: AppConfig, keeper: LocalStorage | null, news: EvictionNews): Evictor | null {
  if (keeper === null || !evicts(config)) return null;
  const { evictBytes, expireMs } = config.files;
  return new Evictor(keeper, { bytes: evictBytes, ageMs: expireMs }, news);
}

/** True when files go by themselves. */
export function evicts({ directory, files }: AppConfig): boolean {
  return directory !== null && (files.evictBytes !== null || files.expireMs !== null);
}

function rulesOf({ files }: AppConfig): NameRules {
  return { ...PLAIN_NAMES, hidden: files.hidden };
}

function createStorage(
  { directory, files, limits }: AppConfig,
  maxOpenFiles: number,
  rules: NameRules,
  coordinator: Coordinator,
): LocalStorage | null {
  if (directory === null) return null;
  return new LocalStorage(directory, { ...files, ...limits, rules, maxOpenFiles }, coordinator);
}

/** What --testing works with in a process that serves alone. */
export function createTools(config: AppConfig): TestingTools {
  return { recorder: createRecorder(config), faults: new FaultBook(faultRules(config)) };
}

/** The rules that the command line gives; their flag has read them before. */
export function faultRules({ faults }: AppConfig): readonly FaultRule[] {
  const rules = parseFaultRules(faults.join("\n"));
  return rules instanceof BadFault ? [] : rules;
}
