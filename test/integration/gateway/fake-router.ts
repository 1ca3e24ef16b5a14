import type { Duplex } from 'node:stream';

/** A router's end of the API (MikroTik manual, API): enough of it to be logged in to, asked, named and given a password. */
export class FakeRouter {
  identity = 'MikroTik';
  version = '7.16.2 (stable)';
  serialNumber = 'HE108ABCDEF';
  password: string;
  /** Of its peer. */
  endpoint = { host: 'vpn.example.com', port: 51820 };
  /** Connections taken. */
  sessions = 0;
  /** Resolves when the router may answer; replace it to make it wait. */
  gate: Promise<void> = Promise.resolve();

  constructor(password: string) {
    this.password = password;
  }

  readonly listen = (stream: Duplex): void => {
    this.sessions += 1;
    let buffered = Buffer.alloc(0);
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (;;) {
        const read = readSentence(buffered);
        if (read === undefined) return;
        buffered = buffered.subarray(read.length);
        void this.#answer(stream, read.words);
      }
    });
  };

  async #answer(stream: Duplex, words: string[]): Promise<void> {
    await this.gate;
    const [command = '', ...rest] = words;
    const tag = rest.filter((word) => word.startsWith('.tag='));
    const say = (...sentence: string[]) =>
      stream.writable && stream.write(writeSentence([...sentence, ...tag]));
    if (command === '/login' && !rest.includes(`=password=${this.password}`)) {
      say('!trap', '=message=invalid user name or password (6)');
    } else if (command === '/system/identity/set') {
      this.identity = rest.find((word) => word.startsWith('=name='))?.slice(6) ?? this.identity;
    } else if (command === '/system/identity/print') {
      say('!re', `=name=${this.identity}`);
    } else if (command === '/system/resource/print') {
      say('!re', `=version=${this.version}`, '=board-name=hAP ax3');
    } else if (command === '/system/routerboard/print') {
      say('!re', '=model=C53UiG+5HPaxD2HPaxD', `=serial-number=${this.serialNumber}`);
    } else if (command === '/interface/wireguard/peers/print') {
      const { host, port } = this.endpoint;
      say('!re', '=.id=*1', `=endpoint-address=${host}`, `=endpoint-port=${port}`, '=last-handshake=5s');
    } else if (command === '/user/print') {
      say('!re', '=.id=*1', '=name=tenant-tunnel');
    } else if (command === '/user/set') {
      this.password = rest.find((word) => word.startsWith('=password='))?.slice(10) ?? this.password;
    } else if (command === '/interface/print') {
      const ether = ['=name=ether1', '=type=ether', '=mac-address=48:A9:8A:00:00:01'];
      say('!re', ...ether, '=running=true', '=disabled=false', '=dynamic=false');
    }
    say('!done');
  }
}

function readSentence(bytes: Buffer): { words: string[]; length: number } | undefined {
  const words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const isLong = first >= 0x80;
    if (isLong && at + 2 > bytes.length) return undefined;
    const size = isLong ? ((first & 0x3f) << 8) | (bytes[at + 1] ?? 0) : first;
    at += isLong ? 2 : 1;
    if (size === 0) return { words, length: at };
    if (at + size > bytes.length) return undefined;
    words.push(bytes.toString('utf8', at, at + size));
    at += size;
  }
  return undefined;
}

function writeSentence(words: string[]): Buffer {
  const parts = words.flatMap((word) => {
    const bytes = Buffer.from(word);
    const { length } = bytes;
    return [Buffer.from(length < 0x80 ? [length] : [0x80 | (length >> 8), length & 0xff]), bytes];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}
