/** What can be said of a router: its phase and the four conditions of this manager, without times. */
import type { ConditionReason, ConditionType, Router, RouterPhase } from '../api/index.ts';
import { type Condition, findCondition } from '../kube/index.ts';
import type { Problem } from './problem.ts';

export type SaidCondition = Omit<Condition, 'lastTransitionTime'>;

export interface Saying {
  /** Absent where the phase is not this manager's. */
  phase: RouterPhase | undefined;
  conditions: SaidCondition[];
}

type Said = Pick<Condition, 'status' | 'message'> & {
  reason: ConditionReason | Problem['reason'];
  observedGeneration?: number;
};

const PROGRAMMED: Said = {
  status: 'True',
  reason: 'Programmed',
  message: 'The router is a peer of the tunnel on its gateway.',
};
const CONNECTED: Said = {
  status: 'True',
  reason: 'Connected',
  message: 'The router makes handshakes with the gateway.',
};
const WAITING: Said = {
  status: 'Unknown',
  reason: 'Pending',
  message: 'The router is configured once it is connected and answers.',
};
const CONFIGURED: Said = {
  status: 'True',
  reason: 'Configured',
  message: 'The router answered and has the identity that its spec asks for.',
};
const DISABLED: Said = {
  status: 'Unknown',
  reason: 'AutoConfigurationDisabled',
  message: 'spec.autoConfiguration.enabled is false: the operator does not log in to this router.',
};
const ONLINE: Said = { status: 'True', reason: 'Online', message: 'The router is connected and ready.' };
const NOT_YET: Said = {
  status: 'False',
  reason: 'Configuring',
  message: 'The router is connected; it is ready once it is configured.',
};

/** Connected, and configured or never to be. */
export function online(router: Router, failure?: Problem): Saying {
  const done: Said = failure === undefined ? CONFIGURED : { status: 'False', ...failure };
  const configured = router.spec.autoConfiguration.enabled ? done : DISABLED;
  return say(router, 'Online', {
    Programmed: PROGRAMMED,
    Connected: CONNECTED,
    Configured: configured,
    Ready: ONLINE,
  });
}

/** Connected, and the outcome of the configuration for this generation is not known. */
export function unconfigured(router: Router, phase: 'VPNConnected' | 'Configuring'): Saying {
  const before = findCondition(router.status?.conditions, 'Configured');
  const configured = before?.status === 'True' ? WAITING : configuredAsBefore(router);
  return say(router, phase, {
    Programmed: PROGRAMMED,
    Connected: CONNECTED,
    Configured: configured,
    Ready: NOT_YET,
  });
}

/**
 * Connected, and cannot be configured. What a router answers may be part of the message, and one that answers
 * something else each time must not cause a write each time: for one reason the first message stays.
 */
export function misconfigured(router: Router, failure: Problem): Saying {
  const before = findCondition(router.status?.conditions, 'Configured');
  const isSame =
    before?.status === 'False' &&
    before.reason === failure.reason &&
    before.observedGeneration === router.metadata.generation;
  const said: Said = { status: 'False', ...failure, ...(isSame && { message: before.message }) };
  return say(router, 'Configuring', {
    Programmed: PROGRAMMED,
    Connected: CONNECTED,
    Configured: said,
    Ready: said,
  });
}

/** `behind`: the endpoint that the tunnel has now, where the router has yet to be brought to it. */
export function offline(router: Router, offlineAfterSeconds: number, behind?: string): Saying {
  const message = `No handshake for ${offlineAfterSeconds} seconds. Look whether the router has power and internet access; it comes back by itself.`;
  const paste = `The tunnel has another endpoint now, ${behind}, which this router has not been given: if the one before leads nowhere any more, paste status.script into it, and where that says that it was used ask for a fresh one with spec.script.renew.`;
  const said: Said = {
    status: 'False',
    reason: 'HandshakeTimeout',
    message: behind === undefined ? message : `${message} ${paste}`,
  };
  const configured = configuredAsBefore(router);
  return say(router, 'Offline', {
    Programmed: PROGRAMMED,
    Connected: said,
    Configured: configured,
    Ready: said,
  });
}

/** Taken off its interface, with the phase still this manager's. */
export function removed(router: Router): Saying {
  const said: Said = {
    status: 'False',
    reason: 'Pending',
    message: 'The router is not a peer of the tunnel at present; the condition Allocated says why.',
  };
  const configured = configuredAsBefore(router);
  return say(router, 'Offline', { Programmed: said, Connected: said, Configured: configured, Ready: said });
}

/** Before the first handshake with a fresh script: phase and Ready are the controller's. */
export function anew(router: Router): Saying {
  const said: Said = {
    status: 'False',
    reason: 'AwaitingConnection',
    message: 'There is a fresh script, and the router has not connected with it yet.',
  };
  return say(router, undefined, { Connected: said, Configured: WAITING });
}

export function suspended(router: Router): Saying {
  const said: Said = {
    status: 'False',
    reason: 'Suspended',
    message: 'spec.suspended is true: the router is cut off and keeps its address and keys.',
  };
  return say(router, undefined, {
    Programmed: said,
    Connected: said,
    Configured: configuredAsBefore(router),
  });
}

function say(
  router: Router,
  phase: RouterPhase | undefined,
  conditions: Partial<Record<ConditionType, Said>>,
): Saying {
  const observedGeneration = router.metadata.generation;
  return {
    phase,
    conditions: Object.entries(conditions).map(([type, said]) => ({ observedGeneration, ...said, type })),
  };
}

/** As it was left, under the generation that it was found from. */
function configuredAsBefore(router: Router): Said {
  const before = findCondition(router.status?.conditions, 'Configured');
  if (before === undefined) return WAITING;
  const { status, reason, message, observedGeneration } = before;
  return {
    status,
    reason: reason as ConditionReason,
    message,
    ...(observedGeneration !== undefined && { observedGeneration }),
  };
}
