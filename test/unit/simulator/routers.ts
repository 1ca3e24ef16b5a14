import { RouterOs, type RouterOsOptions, RouterOsTrap } from '../../simulator/engine/index.ts';

/** The versions that the project's reference tables cover. */
export const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.20.8', '7.22.3', '7.24'];
/** Versions that refuse to load what they lack, and those that say so when it runs. */
export const STRICT = VERSIONS.filter((version) => version !== '7.24');

export function makeRouter(version = '7.16.2', options: Partial<RouterOsOptions> = {}): RouterOs {
  let seed = 0;
  return new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD508',
    defaultFirewall: true,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    random: (size) => Uint8Array.from({ length: size }, () => (seed = (seed * 31 + 7) % 251)),
    ...options,
  });
}

/** What a person sees who pastes `text` into a fresh terminal. */
export const paste = (router: RouterOs, text: string): string => router.terminal().paste(text);

/** The refusal's message; fails the test if there is none. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RouterOsTrap) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

export const PRIVATE_KEY = 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=';
export const PUBLIC_KEY = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
export const OTHER_KEY = '1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=';
