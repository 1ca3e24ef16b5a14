import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type OwnedDirectory, ownedDirectory } from './lifetime.ts';
import type { TestNetwork } from './network.ts';
import { createNode, type TestNode } from './node.ts';
import { findOnPath } from './path.ts';

export const SECRET = 'of-the-routers';

/** Whether this machine has the server and its client. */
export const hasFreeRadius = ['freeradius', 'radclient'].every((program) => findOnPath(program) !== null);

/** The command line of a router's RADIUS client; attributes are its input. */
export const radclient = (server: string, kind: 'auth' | 'acct'): [string, string[]] => [
  'radclient',
  ['-x', '-r', '3', '-t', '2', `${server}:${kind === 'auth' ? 1812 : 1813}`, kind, SECRET],
];

/** Answers with the source address that it sees, and with what the router says it is (RFC 2865, NAS-IP-Address). */
const SITE = `
  authorize {
    if (&User-Name == "alice") {
      update control { &Cleartext-Password := "wonderland" }
    }
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
  post-auth {
    update reply {
      &Reply-Message := "from %{Packet-Src-IP-Address}, %{NAS-IP-Address}"
    }
  }
  preacct {
    ok
  }
  accounting {
    ok
  }
`;

const configuration = (folder: string, client: string, address: string): string => `
prefix = /usr
logdir = ${folder}
run_dir = ${folder}
raddbdir = ${folder}
libdir = /usr/lib/freeradius
max_requests = 1024
log {
  destination = stdout
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = no
  allow_vulnerable_openssl = yes
}
thread pool {
  start_servers = 1
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
}
modules {
  pap {
  }
  always ok {
    rcode = ok
  }
}
client routers {
  ipaddr = ${client}
  secret = ${SECRET}
}
server default {
  listen {
    type = auth
    ipaddr = ${address}
    port = 1812
  }
  listen {
    type = acct
    ipaddr = ${address}
    port = 1813
  }
${SITE}
}
`;

/** FreeRADIUS in a network namespace of its own, as in a pod. */
export class FreeRadius {
  readonly node: TestNode;
  readonly #folder: OwnedDirectory;

  private constructor(node: TestNode, folder: OwnedDirectory) {
    this.node = node;
    this.#folder = folder;
  }

  /** `client`: whose requests it takes, as addresses that it sees. */
  static async start(
    { network }: { network: TestNetwork },
    name: string,
    { client, address = '*' }: { client: string; address?: string },
  ): Promise<FreeRadius> {
    const node = await createNode(network, name);
    const folder = ownedDirectory('freeradius');
    const file = `${folder.path}/radiusd.conf`;
    await node.exec('sh', ['-c', `cat > ${file}`], configuration(folder.path, client, address));
    const server = node.spawn(
      'freeradius',
      ['-f', '-xx', '-l', 'stdout', '-d', folder.path, '-D', '/usr/share/freeradius'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let log = '';
    const ready = Promise.withResolvers<void>();
    createInterface({ input: server.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log = `${log}${line}\n`.slice(-4_000);
      if (line.includes('Ready to process requests')) ready.resolve();
    });
    const ended = once(server, 'close').then(([code]) => {
      throw new Error(`freeradius ended with ${code}:\n${log}`);
    });
    ended.catch(() => undefined);
    await Promise.race([ready.promise, ended]);
    return new FreeRadius(node, folder);
  }

  remove(): void {
    this.#folder.remove();
  }
}
