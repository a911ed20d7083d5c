export { raiseAlarm, type AlarmCode } from './raise-alarm.ts';
