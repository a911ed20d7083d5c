export { keepAnswer, keepNotification, type Kept } from './keep-evidence.ts';
