import { makeRouter, paste, refusalOf } from './routers.ts';

const MANAGED =
  '/user/group/add name=g policy=read,write,api,policy,test,sensitive\n/user/add name=ops group=g password="s3cret" address=10.100.0.1';

describe('groups', () => {
  // home-assistant.io#34544
  test('refuse a list with one unknown policy', () => {
    expect(paste(makeRouter(), '/user/group/add name=g policy=read,dude')).toBe(
      'input does not match any value of policy\n',
    );
  });
  test('read back what is granted and what is not', () => {
    const router = makeRouter();
    paste(router, MANAGED);
    const policy = router.rows('/user/group').find((row) => row.name === 'g')?.policy ?? '';
    expect(
      policy
        .split(',')
        .filter((word) => !word.startsWith('!'))
        .sort(),
    ).toEqual(['api', 'policy', 'read', 'sensitive', 'test', 'write']);
    expect(policy).toContain('!ssh');
  });
  test('are unique, stay while used, and the three first stay for ever', () => {
    const router = makeRouter();
    paste(router, MANAGED);
    expect(paste(router, '/user/group/add name=g')).toMatch(/^failure: /);
    expect(paste(router, '/user/group/remove g')).toMatch(/^failure: /);
    expect(paste(router, '/user/group/remove read')).toMatch(/^failure: /);
  });
});

describe('users', () => {
  test('have names of their own that begin and end in a letter or digit', () => {
    const router = makeRouter();
    expect(paste(router, '/user/add name=admin group=full')).toBe(
      'failure: user with the same name already exists\n',
    );
    for (const name of ['-x', 'x-', 'a*b']) {
      expect(paste(router, `/user/add group=full name="${name}"`)).toMatch(/^failure: /);
    }
    expect(paste(router, '/user/add name=x')).toBe('missing value(s) of argument(s) group\n');
    expect(paste(router, '/user/add name=x group=nobody')).toBe('input does not match any value of group\n');
  });
  test('cannot disable themselves, and the last full one stays', () => {
    const router = makeRouter();
    expect(paste(router, '/user/set admin disabled=yes')).toBe('');
    expect(router.rows('/user')[0]?.disabled).toBe('false');
    expect(paste(router, '/user/remove admin')).toMatch(/^failure: /);
  });
  test('show no password to anyone', () => {
    const router = makeRouter();
    paste(router, MANAGED);
    expect(JSON.stringify(router.execute({ menu: '/user', command: 'print', user: 'admin' }))).not.toContain(
      's3cret',
    );
    expect(JSON.stringify(router.snapshot())).toContain('s3cret');
  });
  test('obey the least length of passwords', () => {
    const router = makeRouter();
    paste(router, '/user/settings/set minimum-password-length=10');
    expect(paste(router, '/user/add name=x group=full password=short')).toMatch(/^failure: /);
  });
  test('change their own password with the old one', () => {
    const router = makeRouter();
    paste(router, MANAGED);
    const change = (old: string) => `/password old-password="${old}" new-password=n confirm-new-password=n`;
    expect(router.terminal('ops').paste(change('s3cret'))).toBe('not enough permissions (9)\n');
    paste(router, '/user/group/set g policy=read,api,password');
    expect(router.terminal('ops').paste(change('wrong'))).toMatch(/^failure: /);
    expect(router.terminal('ops').paste(change('s3cret'))).toBe('');
    expect(router.authenticate('ops', 'n', '10.100.0.1').user).toBe('ops');
  });
});

describe('a log-in', () => {
  const refusal = (user: string, password: string, source: string, change = '') => {
    const router = makeRouter();
    paste(router, `${MANAGED}\n${change}`);
    return refusalOf(() => router.authenticate(user, password, source));
  };
  const REFUSED = 'invalid user name or password (6)';

  test('gives the session and its policies', () => {
    const router = makeRouter();
    paste(router, MANAGED);
    const session = router.authenticate('ops', 's3cret', '10.100.0.1');
    expect(session).toMatchObject({ user: 'ops', group: 'g' });
    expect(session.policies).toContain('api');
  });
  test('is refused in the same words, whatever is wrong', () => {
    expect(refusal('ops', 'wrong', '10.100.0.1')).toBe(REFUSED);
    expect(refusal('nobody', 's3cret', '10.100.0.1')).toBe(REFUSED);
    expect(refusal('ops', 's3cret', '10.100.0.2')).toBe(REFUSED);
    expect(refusal('ops', 's3cret', '2001:db8::1')).toBe(REFUSED);
    expect(refusal('ops', 's3cret', '10.100.0.1', '/user/disable ops')).toBe(REFUSED);
    expect(refusal('ops', 's3cret', '10.100.0.1', '/user/group/set g policy=read,write')).toBe(REFUSED);
  });
});

describe('policies', () => {
  const as = (policy: string, text: string) => {
    const router = makeRouter();
    paste(
      router,
      `/interface/wireguard/add name=wg\n/user/group/add name=g policy=${policy}\n/user/add name=u group=g`,
    );
    return router.terminal('u').paste(text).trim();
  };
  const DENIED = 'not enough permissions (9)';
  test('write does not include read', () => {
    expect(as('write', '/system/identity/print')).toBe(DENIED);
    expect(as('write', '/system/identity/set name=x')).toBe('');
    expect(as('read', '/system/identity/set name=x')).toBe(DENIED);
  });
  test('users need the policy of that name', () => {
    expect(as('read,write', '/user/add name=v group=g')).toBe(DENIED);
    expect(as('read,write,policy', '/user/add name=v group=g')).toBe('');
  });
  test('a restart needs reboot, a ping test', () => {
    expect(as('read,write', '/system/reboot')).toBe(DENIED);
    expect(as('read,write', '/ping 10.0.0.1 count=1')).toBe(DENIED);
  });
  // ansible#143
  test('secrets read as stars without sensitive', () => {
    const get = ':put [/interface/wireguard/get wg private-key]';
    expect(as('read', get)).toBe('*****');
    expect(as('read,sensitive', get)).toMatch(/^.{43}=$/);
    expect(as('read', ':put [:len [/interface/wireguard/get wg public-key]]')).toBe('44');
  });
});
