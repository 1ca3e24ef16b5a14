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
  pipe2(ends: Buffer, flags: number): number;
  waitpid(pid: number, status: Buffer, options: number): number;
  sigemptyset(set: Buffer): number;
  sigaddset(set: Buffer, signal: number): number;
  /** These return an error's number, and 0 where there is none. */
  posix_spawnp(
    pid: Buffer,
    program: string,
    actions: Buffer,
    attributes: Buffer,
    args: readonly (string | null)[],
    env: readonly (string | null)[],
  ): number;
  posix_spawn_file_actions_init(actions: Buffer): number;
  posix_spawn_file_actions_destroy(actions: Buffer): number;
  posix_spawn_file_actions_addopen(
    actions: Buffer,
    fd: number,
    path: string,
    flags: number,
    mode: number,
  ): number;
  posix_spawn_file_actions_adddup2(actions: Buffer, from: number, to: number): number;
  posix_spawn_file_actions_addchdir_np(actions: Buffer, path: string): number;
  posix_spawnattr_init(attributes: Buffer): number;
  posix_spawnattr_destroy(attributes: Buffer): number;
  posix_spawnattr_setflags(attributes: Buffer, flags: number): number;
  posix_spawnattr_setsigdefault(attributes: Buffer, signals: Buffer): number;
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
      ...programs(library),
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

type Library = ReturnType<typeof koffi.load>;

function programs(library: Library) {
  return {
    pipe2: library.func('int pipe2(void *ends, int flags)'),
    waitpid: library.func('int waitpid(int pid, void *status, int options)'),
    sigemptyset: library.func('int sigemptyset(void *set)'),
    sigaddset: library.func('int sigaddset(void *set, int signal)'),
    posix_spawnp: library.func(
      'int posix_spawnp(void *pid, const char *program, void *actions, void *attributes, const char **args, const char **env)',
    ),
    posix_spawn_file_actions_init: library.func('int posix_spawn_file_actions_init(void *actions)'),
    posix_spawn_file_actions_destroy: library.func('int posix_spawn_file_actions_destroy(void *actions)'),
    posix_spawn_file_actions_addopen: library.func(
      'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
    ),
    posix_spawn_file_actions_adddup2: library.func(
      'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
    ),
    posix_spawn_file_actions_addchdir_np: library.func(
      'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
    ),
    posix_spawnattr_init: library.func('int posix_spawnattr_init(void *attributes)'),
    posix_spawnattr_destroy: library.func('int posix_spawnattr_destroy(void *attributes)'),
    posix_spawnattr_setflags: library.func('int posix_spawnattr_setflags(void *attributes, short flags)'),
    posix_spawnattr_setsigdefault: library.func(
      'int posix_spawnattr_setsigdefault(void *attributes, void *signals)',
    ),
  };
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
