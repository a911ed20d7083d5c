// What vitest's report amounts to, and whether that is a pass. Pure, so that its own tests can be strict.

/** Counts vitest's JSON report; a file that could not even be loaded counts as one failure. */
export function count(report) {
  if (report === null) return { passed: 0, failed: 0, skipped: 0 };
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The last line of every test run; `.ci/run` and people read it. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Why this run is no pass, each in Chinese and English; none means it is one. In CI nothing may be left out. */
export function faultsOf({ code, numbers, absent, inCi }) {
  const faults = [];
  if (numbers.failed > 0) faults.push(['有测试未通过。', 'tests failed.']);
  else if (code !== 0)
    faults.push([`vitest 以 ${code} 结束，见上。`, `vitest ended with ${code}, see above.`]);
  if (numbers.passed + numbers.failed === 0) faults.push(['没有运行任何测试。', 'no test ran.']);
  if (inCi && numbers.skipped > 0) faults.push(['CI 中不得跳过测试。', 'nothing may be skipped in CI.']);
  if (inCi && absent.length > 0) {
    const packs = absent.map((need) => need.pack).join(' ');
    faults.push([`CI 中不得缺少：${packs}`, `missing in CI: ${packs}`]);
  }
  return faults;
}
