import { trapError } from '../../../../src/routeros/api/reply.ts';
import { RouterOsError } from '../../../../src/routeros/index.ts';
import type { Asked } from '../../../../src/routeros/version/inspect.ts';
import { RouterOs, RouterOsTrap } from '../../../simulator/engine/index.ts';

/** A simulated router that is asked without bytes between; `asked` has the places, in order. */
export function simulated(version: string, board = 'hAP ax2'): Asked & { asked: string[]; os: RouterOs } {
  const os = new RouterOs({
    version,
    board,
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: false,
    now: () => Date.UTC(2026, 5, 1),
  });
  const asked: string[] = [];
  return {
    os,
    asked,
    async command(request) {
      if (!('path' in request)) throw new Error('only commands with a path');
      const { path, attributes = {} } = request;
      const cut = path.lastIndexOf('/');
      const given = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, String(value)]),
      );
      asked.push(given.path ?? '');
      try {
        const { rows } = os.execute({
          menu: path.slice(0, cut) || '/',
          command: path.slice(cut + 1),
          attributes: given,
          user: 'admin',
        });
        return { rows, done: {}, truncated: false };
      } catch (error) {
        if (!(error instanceof RouterOsTrap)) throw error;
        throw trapError(path, { message: error.message, category: String(error.category ?? '') }, []);
      }
    },
  };
}

export const refusing = (code: RouterOsError['code'], category?: number): Asked => ({
  command: () => Promise.reject(new RouterOsError(code, 'said no', category)),
});
