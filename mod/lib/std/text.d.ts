/** The word of `possibleWords` nearest to `givenWord`; throws where there are none. */
export function closestString(givenWord: string, possibleWords: readonly string[]): string;
export function levenshteinDistance(one: string, other: string): number;
