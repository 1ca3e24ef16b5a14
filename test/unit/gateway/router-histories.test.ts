/** What holds for a router through whatever happens to it. */
import fc from 'fast-check';
import {
  attemptFailed,
  attemptSucceeded,
  beginAttempt,
  type ConfigurationRecord,
} from '../../../src/gateway/configuration-record.ts';
import { adoptLink, newLink, nextLink } from '../../../src/gateway/connectivity.ts';
import type { RouterInput } from '../../../src/gateway/router-input.ts';
import { planRouter } from '../../../src/gateway/router-plan.ts';
import { routerWith } from './fixtures.ts';
import { applied, at, facts, inputOf, refused, START, silent } from './planned-router.ts';

describe('whatever happens to a router', () => {
  type Step =
    | 'handshake'
    | 'silence'
    | 'attempt'
    | 'success'
    | 'refused'
    | 'unreachable'
    | 'spec'
    | 'restart';
  const steps = fc.array(
    fc.constantFrom<Step>(
      'handshake',
      'silence',
      'attempt',
      'success',
      'refused',
      'unreachable',
      'spec',
      'restart',
    ),
    { maxLength: 40 },
  );

  /** A world of one router: applies what the plan says, and tells each plan that was made. */
  class World {
    router = routerWith({ phase: 'AwaitingConnection', address: '10.100.1.1' });
    link = newLink(at(0));
    record: ConfigurationRecord | undefined;
    seconds = 0;
    writes = 0;

    input(): RouterInput {
      return inputOf({ router: this.router, link: this.link, record: this.record, now: at(this.seconds) });
    }

    take(step: Step): void {
      const round = { generation: this.router.metadata.generation, arrivals: this.link.arrivals };
      const needed = planRouter(this.input()).configure !== 'none';
      const begun = () => beginAttempt(this.record, round, this.seconds * 1000);
      this.seconds += step === 'silence' ? 200 : 1;
      const counter = step === 'handshake' ? START / 1000 + this.seconds : this.link.counter;
      if (step === 'attempt' && needed) this.record = begun();
      if (step === 'success' && needed)
        this.record = attemptSucceeded(begun(), { facts, revision: 0 }, at(this.seconds).wall);
      if (step === 'refused' && needed) this.record = attemptFailed(begun(), refused, 0);
      if (step === 'unreachable' && needed) this.record = attemptFailed(begun(), silent, 0);
      if (step === 'spec') {
        const { metadata } = this.router;
        this.router = { ...this.router, metadata: { ...metadata, generation: metadata.generation + 1 } };
      }
      if (step === 'restart') {
        const connected = this.router.status?.conditions?.find(({ type }) => type === 'Connected');
        const fresh = newLink(at(this.seconds));
        const adopted = connected?.status === 'True' ? adoptLink(fresh, at(this.seconds)) : fresh;
        this.link = adopted;
        this.record = undefined;
        this.link = nextLink(adopted, counter, at(this.seconds), 180_000);
        return;
      }
      this.link = nextLink(this.link, counter, at(this.seconds), 180_000);
    }

    settle(): void {
      const plan = planRouter(this.input());
      if (plan.write !== undefined) this.writes += 1;
      this.router = applied(this.router, plan);
    }
  }

  test('one write says it all: planned again, there is nothing to write', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new World();
        for (const step of sequence) {
          world.take(step);
          world.settle();
          expect(planRouter(world.input()).write).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  test('no handshake and no restart of the agent causes a write or a log-in while the router is Online', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.constantFrom<Step>('handshake', 'restart')), (sequence, rest) => {
        const world = new World();
        for (const step of [...sequence, 'handshake', 'success'] as const) {
          world.take(step);
          world.settle();
        }
        expect(world.router.status?.phase).toBe('Online');
        const { writes } = world;
        for (const step of rest) {
          world.take(step);
          world.settle();
          expect(planRouter(world.input()).configure).toBe('none');
        }
        expect(world.writes).toBe(writes);
      }),
      { numRuns: 500 },
    );
  });

  test('Ready, Connected and phase never contradict each other, and the controller’s address stays', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new World();
        for (const step of sequence) {
          world.take(step);
          world.settle();
          const { status } = world.router;
          const is = (type: string) =>
            status?.conditions?.find((one) => one.type === type)?.status === 'True';
          expect(is('Ready')).toBe(status?.phase === 'Online');
          if (is('Ready')) expect(is('Connected') && is('Configured')).toBe(true);
          if (status?.phase === 'Offline') expect(is('Connected')).toBe(false);
          expect(status?.address).toBe('10.100.1.1');
        }
      }),
      { numRuns: 500 },
    );
  });
});
