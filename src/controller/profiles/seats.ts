/** Which Routers have which profiles, both ways. Keys: `namespace/name`. */
export class ProfileSeats {
  readonly #routers = new Map<string, Set<string>>();
  readonly #profiles = new Map<string, readonly string[]>();
  #isOpen = false;

  /** Whether anybody sits yet: a process that stands by counts nothing. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Takes in which profiles a router has now; gives those that have it no more, or newly. */
  seat(router: string, profiles: readonly string[]): string[] {
    const before = this.#profiles.get(router) ?? [];
    const left = before.filter((profile) => !profiles.includes(profile));
    const joined = profiles.filter((profile) => !before.includes(profile));
    for (const profile of left) this.#drop(profile, router);
    for (const profile of joined) this.#add(profile, router);
    if (profiles.length === 0) this.#profiles.delete(router);
    else if (left.length + joined.length > 0) this.#profiles.set(router, profiles);
    return [...left, ...joined];
  }

  /** The same of one profile, whatever else the router has. */
  seatIn(router: string, profile: string, isIn: boolean): void {
    const others = this.profilesOf(router).filter((one) => one !== profile);
    this.seat(router, isIn ? [...others, profile] : others);
  }

  routersOf(profile: string): Iterable<string> {
    return this.#routers.get(profile) ?? [];
  }

  profilesOf(router: string): readonly string[] {
    return this.#profiles.get(router) ?? [];
  }

  #add(profile: string, router: string): void {
    const routers = this.#routers.get(profile);
    if (routers === undefined) this.#routers.set(profile, new Set([router]));
    else routers.add(router);
  }

  #drop(profile: string, router: string): void {
    const routers = this.#routers.get(profile);
    routers?.delete(router);
    if (routers?.size === 0) this.#routers.delete(profile);
  }
}
