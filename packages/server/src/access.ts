import { ApiError } from './api-error.js';

/** Someone who may call. */
export interface AccessToken {
  /** For logs. */
  readonly name: string;
  /** The SHA-256 of the token, in hexadecimal: `printf %s TOKEN | sha256sum`. */
  readonly sha256: string;
  /** Pictures a minute, and at once after a minute without one. @default no limit */
  readonly perMinute?: number;
}

/** A token, and what it may still ask for. */
export interface Account {
  readonly token: AccessToken;
  readonly hash: Uint8Array;
  /** Pictures that may be asked for, at the moment `at`. */
  left: number;
  at: number;
}

/** Knows tokens by their hashes, and counts what they ask for. */
export class Access {
  readonly #accounts: readonly Account[];
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(tokens: readonly AccessToken[], now: () => number = Date.now) {
    this.#now = now;
    this.#accounts = tokens.map((token) => ({
      token,
      hash: Uint8Array.from(token.sha256.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16)),
      left: token.perMinute ?? Number.POSITIVE_INFINITY,
      at: now(),
    }));
  }

  /**
   * Whoever calls; undefined where nobody needs a token.
   *
   * @throws ApiError 401
   */
  async accountOf(request: Request): Promise<Account | undefined> {
    if (this.#accounts.length === 0) return undefined;
    const [, presented = ''] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(presented)));
    // All are compared, and all bytes of each: the time tells nothing.
    const fitting = this.#accounts.filter((account) => {
      let difference = account.hash.length ^ hash.length;
      for (const [i, byte] of hash.entries()) difference |= byte ^ (account.hash[i] ?? 0);
      return difference === 0;
    });
    if (fitting[0]) return fitting[0];
    throw new ApiError('Give a token that this server knows, as "authorization: Bearer TOKEN".', {
      status: 401,
      reason: 'invalid_api_key',
    });
  }

  /** @throws ApiError 429 where the account has asked for too many pictures in a minute */
  spend(account: Account | undefined, pictures: number): void {
    const perMinute = account?.token.perMinute;
    if (!account || perMinute === undefined) return;
    const perSecond = perMinute / 60;
    const now = this.#now();
    account.left = Math.min(perMinute, account.left + ((now - account.at) / 1000) * perSecond);
    account.at = now;
    if (pictures > perMinute)
      throw new ApiError(`${pictures} pictures are more than the ${perMinute} a minute of this token.`, {
        status: 400,
        param: 'n',
        reason: 'invalid_value',
      });
    if (pictures > account.left)
      throw new ApiError(`This token may ask for ${perMinute} pictures a minute.`, {
        status: 429,
        type: 'rate_limit_error',
        reason: 'rate_limit_exceeded',
        retryAfter: Math.ceil((pictures - account.left) / perSecond),
      });
    account.left -= pictures;
  }
}
