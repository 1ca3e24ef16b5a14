/**
 * What answers behind a service, in a "pod": `node pod-script.cjs NAME UDP|TCP PORT`. Says what it got on its standard
 * output, a line of JSON each: from whom, as the socket and as the PROXY protocol have it, and the text.
 */
const dgram = require('node:dgram');
const net = require('node:net');

const [, , name, protocol, port] = process.argv;
const SIGNATURE = '0d0a0d0a000d0a515549540a';

function unwrap(bytes) {
  if (bytes.subarray(0, 12).toString('hex') !== SIGNATURE) return { text: bytes.toString() };
  const source = `${[...bytes.subarray(16, 20)].join('.')}:${bytes.readUInt16BE(24)}`;
  const destination = `${[...bytes.subarray(20, 24)].join('.')}:${bytes.readUInt16BE(26)}`;
  const family = bytes.subarray(12, 16).toString('hex');
  return { source, destination, family, text: bytes.subarray(28).toString() };
}
const say = (got) => console.log(JSON.stringify(got));

if (protocol === 'UDP') {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (bytes, { address, port: from }) => {
    const got = unwrap(bytes);
    say({ peer: address, from, ...got });
    socket.send(`${name} ${got.text}`, from, address);
  });
  socket.bind(Number(port), () => console.log('ready'));
} else {
  net
    .createServer({ allowHalfOpen: true }, (socket) => {
      const chunks = [];
      socket.on('error', () => {});
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('end', () => {
        const got = unwrap(Buffer.concat(chunks));
        say({ peer: socket.remoteAddress, ...got, text: got.text.slice(0, 100) });
        socket.end(`${name} ${got.text}`);
      });
    })
    .listen(Number(port), () => console.log('ready'));
}
