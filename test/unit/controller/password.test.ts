import fc from 'fast-check';
import { generatePassword } from '../../../src/controller/password.ts';

const CATEGORIES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[-_]/];

test('every password has all four categories of RouterOS and is 24 characters that need no quoting', () => {
  const passwords = Array.from({ length: 2000 }, () => generatePassword());
  expect(new Set(passwords).size).toBe(2000);
  for (const password of passwords) {
    expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    for (const category of CATEGORIES) expect(password).toMatch(category);
  }
});

test('one that lacks a category is drawn again as a whole; the others are the random bytes as they are', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.uint8Array({ minLength: 18, maxLength: 18 })), (stream) => {
      const drawn: string[] = [];
      const password = generatePassword((bytes) => {
        expect(bytes * 8).toBeGreaterThanOrEqual(144);
        const next = Buffer.from(stream.next().value ?? []);
        drawn.push(next.toString('base64url'));
        return next;
      });
      const lacking = drawn.filter((text) => !CATEGORIES.every((category) => category.test(text)));
      expect([...lacking, password]).toEqual(drawn);
    }),
  );
});

test('no more than one bit in expectation is given up for that: at least 40 of 100 draws are taken', () => {
  let draws = 0;
  for (let i = 0; i < 2000; i++) {
    generatePassword((bytes) => {
      draws++;
      return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)));
    });
  }
  expect(2000 / draws).toBeGreaterThan(0.4);
});
