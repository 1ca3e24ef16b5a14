import koffi from 'koffi';

/** The calls that Node has no way to make. Each returns -1 where it fails; `errno()` then tells why. */
export interface Libc {
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  memfd_create(name: string, flags: number): number;
  flock(fd: number, operation: number): number;
  inotify_init1(flags: number): number;
  sendto(
    fd: number,
    buffer: Buffer,
    length: number,
    flags: number,
    address: Buffer,
    addressLength: number,
  ): number;
  recvfrom(
    fd: number,
    buffer: Buffer,
    length: number,
    flags: number,
    address: Buffer | null,
    addressLength: Buffer | null,
  ): number;
}

let loaded: Libc | undefined;

/** The C library of this process, looked up when it is first needed. */
export function libc(): Libc {
  if (loaded === undefined) {
    const library = koffi.load(null);
    loaded = {
      setns: library.func('int setns(int fd, int nstype)'),
      socket: library.func('int socket(int domain, int type, int protocol)'),
      setsockopt: library.func(
        'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
      ),
      bind: library.func('int bind(int fd, const void *address, unsigned int length)'),
      memfd_create: library.func('int memfd_create(const char *name, unsigned int flags)'),
      flock: library.func('int flock(int fd, int operation)'),
      inotify_init1: library.func('int inotify_init1(int flags)'),
      sendto: library.func(
        'int64_t sendto(int fd, void *buffer, size_t length, int flags, void *address, unsigned int addressLength)',
      ),
      recvfrom: library.func(
        'int64_t recvfrom(int fd, void *buffer, size_t length, int flags, void *address, void *addressLength)',
      ),
    };
  }
  return loaded;
}

export const errno = (): number => koffi.errno();
