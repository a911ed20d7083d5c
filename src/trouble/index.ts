export { invalidInput, isRefusal, refuse, type Refusal } from './refusal.ts';
export { troubles, type Actor, type Trouble, type TroubleCode } from './table.ts';
export { speakBothLanguages } from './words.ts';
