import { s } from '../schema/builder.ts';

const DEFAULT_BACKUP_HOURS = 24;
export const DEFAULT_BACKUPS_KEPT = 3;

/** How the configurations of routers are kept. */
export const routerBackup = s.object(
  {
    everyHours: s.withDefault(
      s.integer({
        description:
          'How often each router is asked for its configuration, in hours, spread over that time; also after its profiles have changed it. Nothing is written while it is the same. Default 24.',
        minimum: 1,
        maximum: 720,
      }),
      DEFAULT_BACKUP_HOURS,
    ),
    keep: s.withDefault(
      s.integer({
        description: 'How many are kept of each router, the newest. Default 3.',
        minimum: 1,
        maximum: 20,
      }),
      DEFAULT_BACKUPS_KEPT,
    ),
  },
  {
    description:
      'Keeps what "/export" says of each router, without secrets, as Secrets in the namespace for backups: docs/backups.md. Default: none. Each Secret takes some 2 to 10 kB of etcd; mind its quota with very many routers.',
  },
);
