/**
 * Beside a UDP service that does not know the PROXY protocol, in its pod: `node unwrap-script.cjs FROM-PORT TO-PORT`. Takes
 * the header off each datagram and passes the rest on, to 127.0.0.1, from the address that the header names, as go-mmproxy
 * and mmproxy do. Needs CAP_NET_ADMIN and the two routes of go-mmproxy's manual.
 */
const { closeSync } = require('node:fs');
const dgram = require('node:dgram');
const koffi = require('koffi');

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
);
const bind = libc.func('int bind(int fd, const void *address, unsigned int length)');
/** sys/socket.h and linux/in.h */
const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;
const IP_TRANSPARENT = 19;

const [, , from, to] = process.argv;
const asked = new Map();
const front = dgram.createSocket('udp4');

function open(source, reply) {
  const fd = socket(AF_INET, SOCK_DGRAM_NONBLOCK, 0);
  const one = Buffer.from([1, 0, 0, 0]);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  source.copy(address, 4, 0, 4);
  source.copy(address, 2, 8, 10);
  if (setsockopt(fd, 0, IP_TRANSPARENT, one, 4) !== 0 || bind(fd, address, 16) !== 0) {
    closeSync(fd);
    throw new Error(`No socket could be bound to ${[...source.subarray(0, 4)].join('.')}.`);
  }
  const back = dgram.createSocket('udp4');
  back.on('message', reply);
  back.bind({ fd });
  return back;
}

front.on('message', (bytes, { address, port }) => {
  // Source address at 16, source port at 24.
  const key = bytes.subarray(16, 26).toString('hex');
  const back = asked.get(key) ?? open(bytes.subarray(16), (answer) => front.send(answer, port, address));
  asked.set(key, back);
  back.send(bytes.subarray(28), Number(to), '127.0.0.1');
});
front.bind(Number(from), () => console.log('ready'));
