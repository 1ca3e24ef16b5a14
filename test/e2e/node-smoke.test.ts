import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Kubernetes, PROBE_IMAGE, startKubernetes } from '../testbed/kubernetes/index.ts';
import { isAlive, namespacesOf } from '../testbed/namespaces.ts';
import { waitFor } from '../testbed/wait.ts';
import { remains } from './node-remains.ts';
