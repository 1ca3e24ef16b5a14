import type { Option } from 'commander';
import { DEFAULT_BACKUP_NAMESPACE } from '../api/index.ts';
import {
  durationParser,
  flag,
  type HostPort,
  LOG_LEVELS,
  type LogLevel,
  ProcessError,
  parseHostPort,
  parseLabel,
  parseSocketPath,
  parseText,
} from '../process/index.ts';

/** Of every process. */
export interface CommonFlags {
  logLevel: LogLevel;
  metricsAddress: HostPort;
}

/** Where agent and sidecar meet, in a volume that only they mount. */
export const DEFAULT_SOCKET = '/run/tenant-tunnel/sidecar.sock';

export function logLevelFlag(): Option {
  return flag('log-level', 'level', `how much to log: ${LOG_LEVELS.join(', ')}`, {
    default: 'info',
    parse: (text) => {
      const level = LOG_LEVELS.find((known) => known === text);
      if (level !== undefined) return level;
      throw new ProcessError('InvalidConfiguration', `Write one of ${LOG_LEVELS.join(', ')}.`);
    },
  });
}

export function metricsAddressFlag(address: string): Option {
  return flag('metrics-address', 'host:port', 'where /healthz, /readyz and /metrics are served', {
    default: address,
    parse: parseHostPort,
  });
}

export function kubeconfigFlag(): Option {
  return flag('kubeconfig', 'file', 'how to reach the API server; default: as a pod, in the cluster', {
    optional: true,
    parse: parseText,
  });
}

export function namespaceFlag(): Option {
  return flag('namespace', 'name', 'namespace of the operator: its ledger and its leader’s Lease', {
    default: 'tenant-tunnel-system',
    parse: parseLabel,
  });
}

export function gatewayNamespaceFlag(): Option {
  return flag('gateway-namespace', 'name', 'namespace of what the controller hands to the agents', {
    default: 'tenant-tunnel-gateways',
    parse: parseLabel,
  });
}

export function backupNamespaceFlag(): Option {
  return flag('backup-namespace', 'name', "namespace of the copies of routers' configurations", {
    default: DEFAULT_BACKUP_NAMESPACE,
    parse: parseLabel,
  });
}

/** @param name `socket` or `sidecar-socket` */
export function socketFlag(name: string): Option {
  return flag(name, 'path', 'Unix socket of the WireGuard sidecar', {
    default: DEFAULT_SOCKET,
    parse: parseSocketPath,
  });
}

export function offlineAfterFlag(): Option {
  return flag('offline-after', 'duration', 'a router without a handshake for so long is offline', {
    default: '180s',
    parse: durationParser(1_000, 86_400_000),
  });
}
