/**
 * Query parameters as Consul has them.
 *
 * @module
 */

/** Query parameters; `true` is a parameter without a value, `undefined` and `false` are none. */
export type Query = Readonly<Record<string, string | boolean | undefined>>;

/** The parameters as the end of a URL, from the question mark on. */
export function queryString(query: Query = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === false
      ? []
      : value === true
      ? [name]
      : [`${name}=${encodeURIComponent(value)}`]
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
