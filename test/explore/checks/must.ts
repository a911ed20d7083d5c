/** Notes what does not hold, in words that are only made then. */
export type Must = (holds: boolean, words: () => string) => void;
