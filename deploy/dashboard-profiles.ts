import { graph, p99, query, type Row } from './panels.ts';

export const PROFILES: Row = {
  title: 'Profiles and backups on routers',
  panels: [
    graph(
      'Looks at routers with profiles',
      'ops',
      'By outcome.',
      query(
        '{{outcome}}',
        'sum by (outcome) (rate(tto_gateway_profile_look_seconds_count[$__rate_interval]))',
      ),
    ),
    graph(
      'Time of a look (p99)',
      's',
      'By outcome.',
      query('{{outcome}}', p99('tto_gateway_profile_look_seconds', 'outcome')),
    ),
    graph(
      'Drift',
      'short',
      'Looks in an hour that found something changed by hand, by what was done and by what found it.',
      query(
        '{{action}} by {{found_by}}',
        'sum by (action, found_by) (increase(tto_gateway_profile_drift_total[1h]))',
      ),
    ),
    graph(
      'Routers listened to',
      'short',
      'For changes in rows of their profiles.',
      query('{{instance}}', 'tto_gateway_listened_routers'),
    ),
    graph(
      'Backups',
      'ops',
      'Routers asked for their configuration, by outcome.',
      query('{{outcome}}', 'sum by (outcome) (rate(tto_gateway_backup_seconds_count[$__rate_interval]))'),
    ),
    graph(
      'Time of a backup (p99)',
      's',
      'Of one router.',
      query('{{instance}}', p99('tto_gateway_backup_seconds', 'instance')),
    ),
  ],
};
