import koffi from 'koffi';

/** The calls that Node has no way to make. Each returns -1 where it fails; `errno()` then tells why. */
export interface Libc {
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  bind(fd: number, address: Buffer, length: number): number;
  memfd_create(name: string, flags: number): number;
  flock(fd: number, operation: number): number;
  inotify_init1(flags: number): number;
  /** Of glibc 2.36 and later; absent before. */
  pidfd_open?: (pid: number, flags: number) => number;
  pidfd_getfd?: (pidfd: number, fd: number, flags: number) => number;
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
      getsockopt: library.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
      bind: library.func('int bind(int fd, const void *address, unsigned int length)'),
      memfd_create: library.func('int memfd_create(const char *name, unsigned int flags)'),
      flock: library.func('int flock(int fd, int operation)'),
      inotify_init1: library.func('int inotify_init1(int flags)'),
      ...processDescriptors(library),
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

function processDescriptors(
  library: ReturnType<typeof koffi.load>,
): Pick<Libc, 'pidfd_open' | 'pidfd_getfd'> {
  try {
    return {
      pidfd_open: library.func('int pidfd_open(int pid, unsigned int flags)'),
      pidfd_getfd: library.func('int pidfd_getfd(int pidfd, int targetfd, unsigned int flags)'),
    };
  } catch {
    return {};
  }
}

export const errno = (): number => koffi.errno();
