import koffi from 'koffi';

/** The calls that Node has no way to make. Each returns -1 where it fails; `errno()` then tells why. */
export interface Libc {
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  memfd_create(name: string, flags: number): number;
  flock(fd: number, operation: number): number;
  inotify_init1(flags: number): number;
}

let loaded: Libc | undefined;

/** The C library of this process, looked up when it is first needed. */
export function libc(): Libc {
  if (loaded === undefined) {
    const library = koffi.load(null);
    loaded = {
      setns: library.func('int setns(int fd, int nstype)'),
      socket: library.func('int socket(int domain, int type, int protocol)'),
      memfd_create: library.func('int memfd_create(const char *name, unsigned int flags)'),
      flock: library.func('int flock(int fd, int operation)'),
      inotify_init1: library.func('int inotify_init1(int flags)'),
    };
  }
  return loaded;
}

export const errno = (): number => koffi.errno();
