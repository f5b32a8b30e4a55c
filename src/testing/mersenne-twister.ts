// Random numbers that a seed decides: the generator of Python's `random` (MT19937, Matsumoto and Nishimura 1998), so that
// one seed gives the bytes that httpbin gives for it.

const SIZE = 624;
const MIDDLE = 397;
const TWIST = 0x9908b0df;
const WORD_BITS = 32n;

/** One sequence. */
export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** A seed may have any length; its sign does not count. */
  constructor(seed: bigint) {
    const key = wordsOf(seed < 0n ? -seed : seed);
    this.#seedWith(19650218);
    const state = this.#state;
    let i = 1;
    for (let k = 0; k < Math.max(SIZE, key.length); k++) {
      const j = k % key.length;
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1664525)) + key[j]! + j;
      i = this.#advance(i);
    }
    for (let k = 1; k < SIZE; k++) {
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1566083941)) - i;
      i = this.#advance(i);
    }
    state[0] = 0x80000000;
  }

  /** The next 32 bits. */
  word(): number {
    if (this.#next === SIZE) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A number from 0 up to 1, without it: Python's `random()`. */
  fraction(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** A byte: Python's `randint(0, 255)`, which draws nine bits until they are below 256. */
  byte(): number {
    let drawn = this.word() >>> 23;
    while (drawn > 0xff) drawn = this.word() >>> 23;
    return drawn;
  }

  #seedWith(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(mixed(state[i - 1]!), 1812433253) + i;
  }

  #advance(i: number): number {
    if (i + 1 < SIZE) return i + 1;
    this.#state[0] = this.#state[SIZE - 1]!;
    return 1;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % SIZE]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : TWIST);
    }
    this.#next = 0;
  }
}

function mixed(word: number): number {
  return word ^ (word >>> 30);
}

/** The 32-bit words of a number, the lowest first; one word at least. */
function wordsOf(number: bigint): readonly number[] {
  const words: number[] = [];
  for (let rest = number; rest > 0n; rest >>= WORD_BITS) words.push(Number(BigInt.asUintN(32, rest)));
  return words.length === 0 ? [0] : words;
}
