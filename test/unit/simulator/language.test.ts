import * as fc from 'fast-check';
import { makeRouter, paste, STRICT, VERSIONS } from './routers.ts';

/** Quotes as RouterOS wants it: every byte that could mean something as two capital hex digits. */
const quote = (text: string): string =>
  `"${[...Buffer.from(text, 'utf8')]
    .map((byte) =>
      /[A-Za-z0-9]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')}"`;

describe('strings', () => {
  // tikoci/centrs swept every escape on 7.23.3; manual, "Constant Escape Sequences".
  test.each([
    ['\\"', '"'],
    ['\\\\', '\\'],
    ['\\$', '$'],
    ['\\_', ' '],
    ['\\n', '\n'],
    ['\\r', '\r'],
    ['\\t', '\t'],
    ['\\a', '\x07'],
    ['\\b', '\b'],
    ['\\f', '\f'],
    ['\\v', '\v'],
    ['\\C3\\A9', 'é'],
    ['a\\ b', 'ab'],
    ['a\\\n  b', 'a  b'],
  ])('know the escape %j', (written, meant) => {
    const router = makeRouter();
    expect(paste(router, `/system/script/add name=s source="${written}"`)).toBe('');
    expect(router.rows('/system/script')[0]?.source).toBe(meant);
  });

  test.each(['\\y', '\\e9', '\\E', '\\x41', "\\'", '\\0'])('refuse the escape %s', (written) => {
    expect(paste(makeRouter(), `:put "${written}"`)).toBe('syntax error (line 1 column 7)\n');
  });

  test('lose a variable that is not there, without a word', () => {
    expect(paste(makeRouter(), ':put "x$y z"')).toBe('x z\n');
  });

  test('put in variables, commands and expressions', () => {
    const text = ':local a 2; :put "$a $[:len "four"] $($a + 1)"';
    expect(paste(makeRouter(), text)).toBe('2 4 3\n');
  });

  test('know no single quotes', () => {
    expect(paste(makeRouter(), ":put 'a'")).toBe('syntax error (line 1 column 6)\n');
  });

  test.each(['source=x$y', 'source=x\\y', 'source=a=b', 'source=ä'])('unquoted %s is refused', (argument) => {
    const router = makeRouter();
    expect(paste(router, `/system/script/add name=s ${argument}`)).toMatch(/\(line 1 column \d+\)/);
    expect(router.rows('/system/script')).toEqual([]);
  });

  test('quoted text arrives byte for byte, whatever it is', () => {
    const router = makeRouter();
    const terminal = router.terminal();
    terminal.paste('/system/script/add name=s');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        fc.pre(
          !text.includes('\0') &&
            !/[\ud800-\udfff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')),
        );
        expect(terminal.paste(`/system/script/set s source=${quote(text)}`)).toBe('');
        expect(router.rows('/system/script')[0]?.source).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

test.each(VERSIONS)(
  'RouterOS %s takes any text without breaking, and answers in its own words',
  (version) => {
    const router = makeRouter(version);
    const pieces = fc.constantFrom(
      ':',
      '/',
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      '"',
      '$',
      '\\',
      '=',
      ' ',
      '\n',
      ';',
      '#',
      'do=',
      'if',
      'put',
      'find',
      'where',
      'ip',
      'address',
      'add',
      'set',
      ':local a',
      '$a',
      '->',
      '0',
      '*1',
      'print',
      '10.0.0.1/8',
      ',',
      '.',
      '!',
      'while',
    );
    const known = /^(?:$|[\s\S]*\n$)/;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 25 }).map((words) => words.join('')),
          fc.string(),
        ),
        (text) => {
          expect(router.terminal().paste(text)).toMatch(known);
        },
      ),
      { numRuns: 400 },
    );
  },
);

describe('refusals to load', () => {
  // Copied by others from a router of version 7.16 and, with :parse, of 7.23.3 (tikoci/centrs, parse oracle).
  test.each(STRICT)('%s: what the version lacks, with its place', (version) => {
    const see = (text: string) => paste(makeRouter(version), text);
    expect(see('/ip address foo')).toBe('bad command name foo (line 1 column 13)\n');
    expect(see('/ip foo print')).toBe('bad command name foo (line 1 column 5)\n');
    expect(see('/ip address add address=10.1.1.1/24 interface=ether1 passive=yes')).toBe(
      'expected end of command (line 1 column 61)\n',
    );
    expect(see('/system/script/add name=a source= comment=b')).toBe(
      'expected end of command (line 1 column 42)\n',
    );
    expect(see(':PUT a')).toBe('expected command name (line 1 column 2)\n');
  });

  test('7.24 says it when the statement runs, and on-error catches it', () => {
    const router = makeRouter('7.24');
    expect(paste(router, '{\n:put first\n/ip address add no-such-arg=x\n:put last\n}')).toBe(
      'first\nbad parameter no-such-arg (line 3 column 28)\n',
    );
    expect(paste(router, ':do { /zzz qqq print } on-error={ :put caught }')).toBe('caught\n');
  });

  test.each(STRICT)('%s: a line nobody reaches stops the block, even under :if and on-error', (version) => {
    const text = '{\n:put first\n:if (false) do={ :do { /ip address add foo=1 } on-error={} }\n}';
    const seen = paste(makeRouter(version), text);
    expect(seen).toMatch(/^expected end of command \(line 3 column 43\)\n/);
    expect(seen).not.toContain('first');
  });

  test('the lines after a wrong one count as new ones', () => {
    const router = makeRouter();
    const seen = paste(router, '{\n:put a b\n/system/identity/set name=half\n}');
    expect(seen).toBe('expected end of command (line 2 column 8)\nsyntax error (line 1 column 1)\n');
    expect(router.rows('/system/identity')[0]?.name).toBe('half');
  });

  test.each([
    '{}',
    '(1,)',
    ':put {}',
    ':if (1=1) do=:put',
    ':put (1 +)',
    '/ip//address',
    ':put "a" "b"',
    ':put a#',
  ])('refuses %s', (text) => {
    expect(paste(makeRouter(), `${text}\n`)).toMatch(text === '{}' ? /^$/ : /\(line 1 column \d+\)/);
  });
});

describe('parse', () => {
  const TEXT = ':do { :local f [:parse "/ip/address/add foo=1"]; :put parsed; $f } on-error={ :put caught }';
  test.each(STRICT)('%s throws at once', (version) => {
    expect(paste(makeRouter(version), TEXT)).toBe('caught\n');
  });
  // tikoci/centrs, CHR 7.23.3: `:parse` never throws.
  test('7.24 throws when the result runs', () => {
    expect(paste(makeRouter('7.24'), TEXT)).toBe('parsed\ncaught\n');
    expect(paste(makeRouter('7.24'), ':put [:parse ":put \\"a"]')).toContain('(line 1 column');
  });
  test.each(VERSIONS)('%s: what is parsed runs in a scope of its own and returns its value', (version) => {
    expect(paste(makeRouter(version), '{:local a 1; :put [[:parse ":put \\"<\\$a>\\"; 5"]]}')).toMatch(
      /command name 5/,
    );
    expect(paste(makeRouter(version), ':put [[:parse ":put \\"<\\$a>\\"; :len four"]]')).toBe('<>\n4\n');
  });
});

describe('scope', () => {
  test('a line is a scope of its own, a block one for all its lines', () => {
    expect(paste(makeRouter(), ':local a 1\n:put "<$a>"')).toBe('<>\n');
    expect(paste(makeRouter(), '{\n:local a 1\n:put "<$a>"\n}')).toBe('<1>\n');
  });
  test('a run-time refusal ends the block, loose lines go on', () => {
    expect(paste(makeRouter(), '{\n:error "x"\n:put a\n}\n:put b')).toBe('x\nb\n');
    expect(paste(makeRouter(), ':error "x"\n:put b')).toBe('x\nb\n');
  });
  test('a function sees its arguments and nothing else', () => {
    const text = '{:local a 7; :local f do={ :put "<$a><$1><$b>"; :return ($1 * 2) }; :put [$f 4 b=x]}';
    expect(paste(makeRouter(), text)).toBe('<><4><x>\n8\n');
  });
  test('a global is read where it is declared', () => {
    const terminal = makeRouter().terminal();
    terminal.paste(':global g 5');
    expect(terminal.paste('{ :put "<$g>" }')).toBe('<>\n');
    expect(terminal.paste('{ :global g; :put "<$g>" }')).toBe('<5>\n');
  });
});

describe('values', () => {
  test.each([
    [':put (1 + 2 * 3)', '7'],
    [':put ("a" . 1 . true)', 'a1true'],
    [':put ("v=" . {"a";"b"})', 'v=a;v=b'],
    [':put ({1;2},3)', '1;2;3'],
    [':put [:len {1;2;"k"=3}]', '3'],
    [':put ({"b"=1;"a"=2;5})', '5;a=2;b=1'],
    [':put ({"k"="v"}->"k")', 'v'],
    [':put [:pick "abcdef" 1 3]', 'bc'],
    [':put [:pick "abc" 1]', 'b'],
    [':put [:find "hello" "lo"]', '3'],
    [':put [:typeof [:find "a" "z"]]', 'nil'],
    [':put [:typeof 10.0.0.0/8]', 'ip-prefix'],
    [':put [:typeof 25s]', 'time'],
    [':put 25s', '00:00:25'],
    [':put (10.0.0.5 in 10.0.0.0/8)', 'true'],
    [':put (10.0.0.1 + 5)', '10.0.0.6'],
    [':put ("abc" ~ "^a")', 'true'],
    [':put (!true || 1 = 1 && 2 < 3)', 'true'],
    [':put [:len "é"]', '2'],
    [':put [:tostr [:toarray "a,b"]]', 'a;b'],
    [':put [:typeof [:tonum "12x"]]', 'nil'],
    [':local x {1}; :set ($x->"k") 2; :put $x', '1;k=2'],
    [':for i from=3 to=1 do={ :put $i }', '3\n2\n1'],
    [':foreach k,v in={"a"=1} do={ :put "$k-$v" }', 'a-1'],
    [':local i 0; :while ($i < 2) do={ :set i ($i + 1) }; :put $i', '2'],
    [':do { :error "x" } on-error={ :put y }', 'y'],
    [':put [:resolve "nowhere.example"]', 'failure: dns name does not exist'],
    [':if ("text") do={}', 'conditional not boolean'],
    [':return', 'missing value(s) of argument(s) value'],
  ])('%s gives %j', (text, output) => {
    expect(paste(makeRouter(), text)).toBe(`${output}\n`);
  });

  test('names of variables are letters and digits', () => {
    expect(paste(makeRouter(), ':put $a-b')).toBe('expected end of command (line 1 column 8)\n');
    expect(paste(makeRouter(), ':local "a-b" 1; :put $"a-b"')).toBe('1\n');
  });

  test('onerror comes with 7.13', () => {
    const text = ':onerror e in={ :error "boom" } do={ :put "<$e>" }';
    expect(paste(makeRouter('7.12.2'), text)).toMatch(/^bad command name onerror/);
    expect(paste(makeRouter('7.16.2'), text)).toBe('<boom>\n');
  });

  test('a loop that never ends is interrupted', () => {
    expect(paste(makeRouter(), ':while (true) do={ :nothing }')).toBe('interrupted\n');
  });
});
