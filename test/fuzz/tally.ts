/** Counts what came, so that it can be seen how deep the runs went. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Name and count, the most frequent first. */
  all(): [string, number][] {
    return [...this.#counts].toSorted(([, one], [, other]) => other - one);
  }

  toString(): string {
    return this.all()
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  }
}
