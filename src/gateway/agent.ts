/**
 * The gateway agent: follows what was handed over to its node, drives the sidecar, watches handshakes, configures
 * routers, and tells all of it in statuses. docs/architecture.md draws how these parts meet.
 */
import { DEFAULT_BACKUP_NAMESPACE, type HandoverPeer, ROUTERS, TENANT_TUNNELS } from '../api/index.ts';
import { aborted, EventRecorder, Informer, systemClock } from '../kube/index.ts';
import type { AgentOptions, AgentProcess } from './agent-options.ts';
import { Arrivals } from './arrivals.ts';
import { Attendant } from './attendant.ts';
import { ClockWatch } from './clock-watch.ts';
import { adoptLink, type Link, type Moment, newLink } from './connectivity.ts';
import { EndpointKeeper } from './endpoint/endpoint-keeper.ts';
import { Fleet, ownerOf, routerKey, type Tunnel } from './fleet.ts';
import { Guard } from './guard.ts';
import { HandoverCache } from './handover-cache.ts';
import { Heartbeat } from './heartbeat.ts';
import { IdentityWatch } from './identity/identity-watch.ts';
import { leanRouter } from './lean-router.ts';
import { GatewayMetrics } from './metrics.ts';
import { NodeClock } from './node-clock.ts';
import { defaultPace } from './pace.ts';
import { Peers } from './peers/peers.ts';
import { Sightings } from './peers/sightings.ts';
import { Voice } from './peers/voice.ts';
import { Relay } from './relay/index.ts';
import { NODE, rounds } from './rounds.ts';
import { isSaidConnected, RouterReporter } from './router-reporter.ts';
import { routerWork } from './router-work.ts';
import { ServiceSync } from './services/service-sync.ts';
import { SidecarHealth } from './sidecar-health.ts';
import { TunnelReporter } from './tunnel-reporter.ts';
import { TunnelSync } from './tunnel-sync.ts';
import { waitsFor } from './waits-for.ts';
import { Watcher } from './watcher.ts';

const GATHER_MS = 1_000;
const PROBLEM_AFTER_MS = 2_000;
const SWEEP_MS = 60_000;
/** Routers that are brought to another endpoint at once. */
const ENDPOINT_CHANGES = 16;
/** A handshake takes a round trip. */
const AFTER_CALL_MS = 1_000;
/** What the node should carry is set up first. */
const FIRST_SWEEP_MS = 1_000;

export function startAgent(options: AgentOptions): AgentProcess {
  const { client, sidecar, nodeName, gatewayNamespace, offlineAfterSeconds, signal, logger, registry } =
    options;
  const { clock = systemClock, random = Math.random, pace = defaultPace } = options;
  const now = (): Moment => ({ wall: clock.wall(), monotonic: clock.monotonic() });

  const fleet = new Fleet();
  const shared = { client, namespace: gatewayNamespace, nodeName, clock, logger };
  const peers = new Peers(shared);
  const sightings = new Sightings();
  const cache = new HandoverCache({ client, namespace: gatewayNamespace, nodeName, logger });
  const routers = new Informer({
    client,
    type: ROUTERS,
    transform: leanRouter,
    indexes: { tunnel: ({ status }) => (status?.tunnel === undefined ? [] : [status.tunnel]) },
    logger,
  });
  const tenantTunnels = new Informer({
    client,
    type: TENANT_TUNNELS,
    indexes: { tenant: ({ spec, metadata }) => [spec.tenant ?? metadata.name] },
    logger,
  });
  const recorder = new EventRecorder({
    client,
    reportingController: 'vpn.traidnet.io/gateway',
    reportingInstance: nodeName,
    logger,
  });
  const nodeClock = new NodeClock({ nodeName, offset: () => client.clockOffset, recorder, logger });
  const syncAll = (): void => {
    for (const { interfaceName } of fleet.tunnels()) {
      sync.controller.enqueue(interfaceName);
      serviceSync.controller.enqueue(interfaceName);
    }
    sweepSoon();
  };
  const health: SidecarHealth = new SidecarHealth(() => {
    logger.info({}, 'The sidecar answers again; giving it all tunnels anew.');
    fleet.forgetGiven();
    guard.forget();
    syncAll();
  });
  const attendant = new Attendant({
    sidecar,
    health,
    clock,
    logger,
    signal,
    onProblem: () => {
      heartbeat.soon();
      syncAll();
    },
    onLost: () => {
      for (const { interfaceName } of fleet.tunnels()) watcher.controller.enqueue(interfaceName);
    },
  });
  const guard: Guard = new Guard({
    ...shared,
    sidecar,
    health,
    peers,
    fleet,
    onFence: () => heartbeat.soon(),
    onKnowing: () => {
      if (!health.isUp) return;
      for (const reporter of [routerReporter, tunnelReporter]) reporter.resume();
    },
  });
  const voice = new Voice({
    peerAddress: options.peerAddress,
    nodeName,
    fleet,
    peers,
    sightings,
    contactAgeMs: () => guard.contactAgeMs,
    clock,
    logger,
  });
  const mayWrite = async (): Promise<boolean> => guard.knowsItsOwn && (await attendant.mayWrite());
  const heartbeat: Heartbeat = new Heartbeat({
    client,
    mayWrite: async () => guard.isObeyed && (await attendant.mayWrite()),
    facts: () => ({
      tunnels: sync.carried(),
      problem: health.problem,
      clock: nodeClock.problem,
      fence: guard.fencedAfterSeconds,
      peerAddress: voice.address,
      relay: relay?.url,
    }),
    onRenewed: (began, { fence }) => {
      nodeClock.look();
      return guard.renewed(began, fence !== undefined);
    },
    namespace: gatewayNamespace,
    nodeName,
    clock,
    random,
    logger,
  });
  const metrics = new GatewayMetrics(registry);
  const common = { fleet, logger, now, random, sidecar, health, metrics };

  const beginLink = (peer: HandoverPeer): Link => {
    const at = now();
    const router = routers.get(routerKey(peer));
    if (router === undefined || router.metadata.uid !== peer.uid) return newLink(at);
    // One that was made long ago is not waited for every half second just because the agent started.
    const age = Math.max(0, at.wall - Date.parse(router.metadata.creationTimestamp));
    const link = newLink({ ...at, monotonic: at.monotonic - age });
    return isSaidConnected(router, peer.publicKey) ? adoptLink(link, at) : link;
  };
  const tellTunnel = (tunnel: Tunnel): void => {
    const owner = ownerOf(tunnel.desired);
    if (owner !== undefined) tunnelReporter.soon(owner);
  };

  const relay =
    options.relay &&
    new Relay({
      ...options.relay,
      client,
      sidecar,
      namespace: gatewayNamespace,
      nodeName,
      known: () => ({
        place: (router) => fleet.place(router),
        ownedBy: (tenantTunnel) => fleet.ownedBy(tenantTunnel),
        router: (key) => routers.get(key),
        tenantTunnel: (key) => tenantTunnels.get(key),
        tunnelsOfTenant: (tenant) => tenantTunnels.byIndex('tenant', tenant),
        isCarrier: health.isUp,
      }),
      clock,
      logger,
      registry,
      onAddress: () => heartbeat.soon(),
    });
  const putAgain = (tunnel: Tunnel): void => {
    tunnel.given = undefined;
    sync.controller.enqueue(tunnel.interfaceName);
  };

  const sync = new TunnelSync({
    ...common,
    cache,
    resyncMs: options.resyncMs ?? 5 * 60_000,
    removeAfterMs: options.removeAfterMs ?? 5_000,
    isElsewhere: (name, placed) => guard.isElsewhere(name, placed),
    seenElsewhere: async (name, aborting) => {
      await peers.refresh(aborting);
      const seen = peers.seenOf(name);
      if (seen !== undefined) sightings.adopt(name, seen);
      return seen;
    },
    beginLink,
    onRouters: (tunnel, changed) => {
      for (const key of changed) {
        routerReporter.controller.enqueue(key);
        keyKeeper.controller.enqueue(key);
        if (fleet.place(key) !== undefined) continue;
        relay?.cut(key);
        profileKeeper.listener.stop(key);
      }
      endpoints.routersChanged(tunnel, changed);
      if (fleet.get(tunnel.interfaceName) !== undefined) tellTunnel(tunnel);
      else serviceSync.controller.enqueue(tunnel.interfaceName);
    },
    // Not after each attempt: the watcher wakes the sync when the node lacks a tunnel, and the two would never rest.
    onAttempt: (tunnel, changed) => {
      if (changed === 'all') watcher.controller.enqueue(tunnel.interfaceName);
      if (changed === 'peers') watcher.peersChanged(tunnel);
      keyKeeper.givenChanged(tunnel);
      serviceSync.controller.enqueue(tunnel.interfaceName);
      classNews.look(tunnel);
      endpoints.look(tunnel);
      tellTunnel(tunnel);
    },
    onCarried: () => heartbeat.soon(),
  });
  const arrivals = new Arrivals({
    sidecar,
    health,
    clock,
    logger,
    signal,
    onArrival: (arrival) => watcher.arrived(arrival),
  });
  const serviceSync = new ServiceSync({
    ...common,
    client,
    signal,
    resyncMs: options.resyncMs ?? 5 * 60_000,
    onVerdict: tellTunnel,
    onUnknown: putAgain,
  });
  const watcher = new Watcher({
    ...common,
    isListening: () => arrivals.isListening,
    pace,
    offlineAfterMs: offlineAfterSeconds * 1000,
    onTransition: (tunnel, key) => {
      routerReporter.controller.enqueue(key);
      keyKeeper.controller.enqueue(key);
      tellTunnel(tunnel);
    },
    onTurned: ({ interfaceName }) => sync.controller.enqueue(interfaceName, { priority: 50 }),
    onObserved: ({ interfaceName }, observation) =>
      identities.sighted(interfaceName, observation, sightings.note(interfaceName, observation)),
    onUnknown: putAgain,
  });
  const clockWatch = new ClockWatch({
    ...common,
    routers,
    recorder,
    mayWrite,
    lookMs: options.clockLookMs ?? 5_000,
    onCalled: ({ interfaceName }) => watcher.controller.queue.addAfter(interfaceName, AFTER_CALL_MS),
  });
  const identities = new IdentityWatch({
    ...common,
    cache,
    routers,
    lookMs: options.identityLookMs ?? 5_000,
    onFinding: (key) => routerReporter.controller.enqueue(key),
  });
  const { configurer, profiles, profileKeeper, keyKeeper, backups, classNews, turns } = routerWork({
    ...common,
    client,
    recorder,
    gatewayNamespace,
    backupNamespace: options.backupNamespace ?? DEFAULT_BACKUP_NAMESPACE,
    cache,
    routers,
    mayWrite,
    configurations: options.configurations,
    profileLooks: options.profileLooks,
    keyChanges: options.keyChanges,
    driftMs: options.driftMs,
    listenRouters: options.listenRouters,
    holdMs: options.holdMs,
    clock,
    signal,
    backoff: options.configurationBackoff,
    keyBackoff: options.keyBackoff,
    backupTimes: options.backupTimes,
    endpointOf: (key) => tenantTunnels.get(key)?.status?.endpoint,
    onNews: (key) => routerReporter.controller.enqueue(key),
    onKeyChange: ({ interfaceName }) => watcher.controller.enqueue(interfaceName),
  });
  const endpoints = new EndpointKeeper({
    ...common,
    cache,
    routers,
    tenantTunnels,
    turns,
    concurrency: ENDPOINT_CHANGES,
    pace: options.endpointPace,
    backoff: options.configurationBackoff ?? { baseMs: 1_000, maxMs: 60_000 },
    onReport: tellTunnel,
    onBehind: (key) => routerReporter.controller.enqueue(key),
  });
  const routerReporter = new RouterReporter({
    client,
    routers,
    fleet,
    configurer,
    identities,
    profiles: profileKeeper,
    backups,
    endpoints,
    keys: keyKeeper,
    recorder,
    logger,
    now,
    offlineAfterSeconds,
    mayWrite,
  });
  const tunnelReporter = new TunnelReporter({
    client,
    tenantTunnels,
    routers,
    fleet,
    endpoints,
    recorder,
    logger,
    now,
    nodeName,
    gatherMs: GATHER_MS,
    problemAfterMs: PROBLEM_AFTER_MS,
    mayWrite,
  });
  routers.onChange(({ key, object, old }) => {
    if (old !== undefined && old.status?.phase === object.status?.phase) return;
    const place = fleet.place(key);
    if (place !== undefined) tellTunnel(place.tunnel);
  });

  const sweeper = rounds({
    name: 'sweep',
    round: (signal) => sync.sweep(signal),
    everyMs: SWEEP_MS,
    random,
    logger,
    backoff: { baseMs: 500, maxMs: 30_000 },
  });
  const sweepSoon = (): void => sweeper.enqueue(NODE);

  const informers: Informer<never>[] = [
    cache.configMaps,
    cache.secrets,
    routers,
    tenantTunnels,
    profiles.profiles,
    profiles.values,
  ] as never;
  const controllers = [
    sync.controller,
    serviceSync.controller,
    watcher.controller,
    configurer.controller,
    profileKeeper.controller,
    backups.controller,
    endpoints.planner,
    endpoints.controller,
    keyKeeper.controller,
    routerReporter.controller,
    tunnelReporter.controller,
    sweeper,
    clockWatch.controller,
    identities.controller,
  ];

  metrics.observe({
    controllers,
    facts: {
      fleet,
      sidecar: health,
      isOnline: (key) => routers.get(key)?.status?.phase === 'Online',
      monotonic: () => clock.monotonic(),
      longestWaitMs: () => sync.controller.queue.stats().longestWaitMs,
    },
    routerSeries: options.routerSeries ?? 0,
    listened: () => profileKeeper.listener.count,
  });

  const run = async (): Promise<void> => {
    const running = informers.map((informer) => informer.run(signal));
    running.push(attendant.run());
    const stopped = aborted(signal);
    const working = Promise.race([health.firstUp, stopped]);
    running.push(voice.run(signal), peers.leases.run(signal));
    running.push(
      working.then(() => Promise.all([heartbeat.run(signal), guard.run(signal)])).then(() => undefined),
    );
    await Promise.race([Promise.all(informers.map(({ synced }) => synced)), stopped]).catch(() => undefined);
    if (!signal.aborted) {
      // Before anything is said of a Router, all that are on this node must be known to be.
      sync.readAll();
      if (relay !== undefined) running.push(relay.run(signal));
      await working;
    }
    if (!signal.aborted) {
      // While this agent stood by, another one wrote what is said of the routers.
      fleet.renewLinks(beginLink);
      sweeper.queue.addAfter('node', FIRST_SWEEP_MS);
      clockWatch.begin();
      identities.begin();
      running.push(...controllers.map((controller) => controller.run(signal, 3_000)), arrivals.run());
    }
    await Promise.all(running);
    await recorder.close(1_000);
  };
  return { waitingFor: () => waitsFor(informers, health, fleet), done: run() };
}
