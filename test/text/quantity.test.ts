import { describe, expect, test } from 'vitest';
import { parseCountOrPercentage, parseQuantity, VERSION_PATTERN } from '../../src/text/quantity.js';

describe('a Kubernetes memory quantity', () => {
  test.each([
    ['16Gi', 16 * 2 ** 30],
    ['512Mi', 512 * 2 ** 20],
    ['4G', 4e9],
    ['1.5Ki', 1536],
    ['129e6', 129e6],
    ['123456789', 123_456_789],
    [1_073_741_824, 2 ** 30],
    ['1500m', 2],
    ['100k', 100_000],
  ])('%s is %i bytes', (text, bytes) => expect(parseQuantity(text)).toBe(bytes));

  test.each(['16GB', '16 Gi', 'Gi', '', 'lots', '1.2.3', '16gi', '0x10', '5K'])(
    'is not written `%s`',
    (text) => {
      expect(parseQuantity(text)).toBeNull();
    },
  );
});

describe('a count or percentage', () => {
  test.each([
    ['10%', 3276],
    ['0%', 0],
    ['100%', 32768],
    ['12.5%', 4096],
    ['1000', 1000],
    [1000, 1000],
  ])('of 32768, %s, is %i', (text, count) => expect(parseCountOrPercentage(text, 32768)).toBe(count));

  test.each(['101%', '-5', '1.5', 'ten', '10 %'])('is not written `%s`', (text) => {
    expect(parseCountOrPercentage(text, 32768)).toBeNull();
  });
});

describe('a version', () => {
  test.each([
    '4.14',
    '1.7.9',
    'v1.31.2',
    '17.12.1-ce',
    '1.27.4+k3s1',
    '6.18.0-rc1',
    '5.15.0-1051-gke',
    '1.17.17-eks-087e67',
  ])('may be written `%s`', (text) => expect(text).toMatch(VERSION_PATTERN));

  test.each(['', 'latest', '4', 'v', '4.', '.14', '4.14 ', '4,14', 'four.two', '1.x', '-1.2', '1e3'])(
    'is not written `%s`',
    (text) => expect(text).not.toMatch(VERSION_PATTERN),
  );
});
