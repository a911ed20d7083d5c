export { followStatement, planStatements } from './follow-statement.ts';
