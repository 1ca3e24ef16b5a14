/**
 * What asks, on a router: `node router-script.cjs ask PORT TEXT FROM` (UDP, from the local port FROM or any), `flood PORT
 * COUNT`, `pace PORT COUNT` (so many questions, 16 under way), `call PORT BYTES`, `hold PORT COUNT` (so many connections,
 * held). Prints a line of JSON.
 */
const dgram = require('node:dgram');
const net = require('node:net');

const [, , what, port, argument, from] = process.argv;
const SERVER = '10.100.0.1';
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

if (what === 'ask') {
  const socket = dgram.createSocket('udp4');
  const timer = setTimeout(() => {
    print(null);
    process.exit();
  }, 1_500);
  socket.on('message', (bytes, { address, port: peer }) => {
    clearTimeout(timer);
    print({ reply: bytes.toString(), peer: `${address}:${peer}` });
    process.exit();
  });
  socket.bind(Number(from ?? 0), () => socket.send(argument, Number(port), SERVER));
}

if (what === 'flood') {
  const socket = dgram.createSocket('udp4');
  let sent = 0;
  const began = Date.now();
  const finish = () => {
    print({ sent, ms: Date.now() - began });
    process.exit();
  };
  const more = () => {
    for (let i = 0; i < 100 && sent < Number(argument); i += 1, sent += 1) {
      socket.send(`flood ${sent}`, Number(port), SERVER);
    }
    if (sent < Number(argument)) setTimeout(more, 10);
    else setTimeout(finish, 100);
  };
  socket.bind(0, more);
}

if (what === 'pace') {
  const socket = dgram.createSocket('udp4');
  const sentAt = new Map();
  const times = [];
  let sent = 0;
  const began = performance.now();
  const send = () => {
    if (sent >= Number(argument)) return;
    sent += 1;
    sentAt.set(String(sent), performance.now());
    socket.send(String(sent), Number(port), SERVER);
  };
  const finish = () => {
    times.sort((a, b) => a - b);
    print({ answered: times.length, ms: performance.now() - began, median: times[times.length >> 1] });
    process.exit();
  };
  // What is lost is not waited for.
  let timer = setTimeout(finish, 2_000);
  socket.on('message', (bytes) => {
    times.push(performance.now() - sentAt.get(bytes.toString().split(' ')[1]));
    clearTimeout(timer);
    if (times.length >= Number(argument)) return finish();
    timer = setTimeout(finish, 2_000);
    send();
  });
  socket.bind(0, () => {
    for (let n = 0; n < 16; n += 1) send();
  });
}

if (what === 'call') {
  const socket = net.connect({ host: SERVER, port: Number(port), allowHalfOpen: true });
  let text = '';
  socket.setTimeout(5_000, () => socket.destroy(new Error('silent')));
  socket.on('error', ({ code, message }) => print({ error: code ?? message }));
  socket.on('data', (chunk) => (text += chunk));
  socket.on('end', () => print({ length: text.length, head: text.slice(0, 60) }));
  socket.on('connect', () => socket.end('x'.repeat(Number(argument))));
}

if (what === 'hold') {
  let held = 0;
  let ended = 0;
  const tell = () => held + ended === Number(argument) && print({ held, ended });
  for (let i = 0; i < Number(argument); i += 1) {
    const socket = net.connect({ host: SERVER, port: Number(port) });
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      ended += 1;
      tell();
    };
    socket.on('error', over);
    socket.on('close', over);
    // What is refused is refused after it was accepted: one that lasts a second is held.
    socket.on('connect', () =>
      setTimeout(() => {
        if (isOver) return;
        held += 1;
        tell();
      }, 1_000),
    );
  }
  process.stdin.on('end', () => process.exit());
  process.stdin.resume();
}
