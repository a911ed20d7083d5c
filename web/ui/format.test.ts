import { expect, test } from 'vitest';
import { clinicMinute, groupedYuan, maskedName, minutesSeconds } from './format.ts';

test('an amount is written by its digits, with both decimals and grouped thousands', () => {
  expect(groupedYuan(12850)).toBe('128.50');
  expect(groupedYuan(1)).toBe('0.01');
  expect(groupedYuan(123_456_789)).toBe('1,234,567.89');
});

test('00:00 stands only when no time is left', () => {
  expect(minutesSeconds(900_000)).toBe('15:00');
  expect(minutesSeconds(1)).toBe('00:01');
  expect(minutesSeconds(0)).toBe('00:00');
  expect(minutesSeconds(7_200_000)).toBe('120:00');
});

test('a masked name keeps the outer characters only', () => {
  expect(maskedName('张三丰')).toBe('张*丰');
  expect(maskedName('张三')).toBe('张*');
  expect(maskedName('欧阳小明')).toBe('欧**明');
  expect(maskedName('𠮷田')).toBe('𠮷*');
});

test('instants are shown in clinic time whatever zone the PC is in', () => {
  expect(clinicMinute('2026-11-22T16:03:04Z')).toBe('2026-11-23 00:03');
});
